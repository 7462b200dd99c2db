/**
 * The questions of preview. Each is asked once a process: a preview of a hundred registries on one endpoint asks that
 * endpoint once. A server that has used up its time once is not asked again: it costs a preview one deadline.
 */
import { LlmosError } from "../finding";
import type { Deadline } from "../network/retry";

/** Longest time for one request of a question, from when it is sent, in milliseconds. */
export const QUESTION_DEADLINE_MS = 5_000;

/** How the key of an answer begins that speaks of what this provider writes: a write may make it another one. */
export const WRITTEN = "written ";

export class Questions {
    private readonly answers = new Map<string, Promise<unknown>>();
    /** What was found out of the servers that have used up their time, by their address. */
    private readonly spent = new Map<string, LlmosError>();

    /** `timeout` gives a signal that is aborted after so many milliseconds. */
    constructor(private readonly timeout = (milliseconds: number) => AbortSignal.timeout(milliseconds)) {}

    /**
     * What `question` answers, which makes each of its requests to this server under the given deadline; from memory when
     * `key` was asked before. Rejects with what stands in the way. One key stands for one type of answer.
     */
    ask<T>(server: string, key: string, question: (deadline: Deadline) => Promise<T>): Promise<T> {
        const answer = this.once(key, () => this.asked(server, question));
        // What is found of a server that is late holds for as long as it counts as that, and not for the question.
        answer.catch(() => this.spent.has(server) && this.answers.delete(key));
        return answer;
    }

    /** What `act` gives, from memory when `key` was asked before. */
    once<T>(key: string, act: () => Promise<T>): Promise<T> {
        const known = this.answers.get(key) as Promise<T> | undefined;
        if (known) {
            return known;
        }
        const answer = act();
        this.answers.set(key, answer);
        return answer;
    }

    /**
     * Forgets the answers that a write of this process may have made others, and which servers have used up their time: from
     * the first write on, an `up` asks again.
     */
    forgetWritten(): void {
        this.spent.clear();
        for (const key of this.answers.keys()) {
            if (key.startsWith(WRITTEN)) {
                this.answers.delete(key);
            }
        }
    }

    private async asked<T>(server: string, question: (deadline: Deadline) => Promise<T>): Promise<T> {
        const before = this.spent.get(server);
        if (before) {
            throw before;
        }
        let late = false;
        const deadline: Deadline = async (send) => {
            const signal = this.timeout(QUESTION_DEADLINE_MS);
            try {
                return await send(signal);
            } finally {
                late ||= signal.aborted;
            }
        };
        try {
            return await question(deadline);
        } catch (error) {
            if (late && error instanceof LlmosError) {
                this.spent.set(server, error);
            }
            throw error;
        }
    }
}
