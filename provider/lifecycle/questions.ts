/**
 * Read-only questions with one deadline, each asked once a process: a preview of a hundred registries on one
 * endpoint asks that endpoint once.
 */
/** Longest time that preview may spend on one question, in milliseconds. */
export const QUESTION_DEADLINE_MS = 5_000;

export interface Questions {
    /** The answer of `ask`, from memory when `key` was asked before. One key stands for one type of answer. */
    once<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T>;
    /** Forgets the answers whose key starts with `prefix`, because this process is changing what they spoke of. */
    forget(prefix: string): void;
}

export function askOnce(deadlineMs = QUESTION_DEADLINE_MS): Questions {
    const answers = new Map<string, Promise<unknown>>();
    return {
        once<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
            const known = answers.get(key) as Promise<T> | undefined;
            if (known) {
                return known;
            }
            const answer = ask(AbortSignal.timeout(deadlineMs));
            answers.set(key, answer);
            return answer;
        },
        forget(prefix) {
            for (const key of answers.keys()) {
                if (key.startsWith(prefix)) {
                    answers.delete(key);
                }
            }
        },
    };
}
