import { goTime } from "../kubernetes/objects";
import type { Conditional } from "./objects";

/** What was found of an object: its status as it is to be, and what hinders it, if anything does. */
export interface Outcome<Status> {
    status: Status;
    failure?: string;
}

/** Whether a condition is met; `ready` of an object that was never looked at is not. */
export function isTrue(status: Conditional | undefined, type: string): boolean {
    return status?.conditions?.find((one) => one.type === type)?.status === "True";
}

/**
 * The status with a condition in it that tells of the failure, or of its absence. The time moves only with status or
 * message, as in rancher/wrangler v3, pkg/condition, setValue; an empty message is left out, as Go leaves it out.
 */
export function withCondition<Status extends Conditional>(
    status: Status,
    type: string,
    { failure, success = "" }: { failure?: string | undefined; success?: string },
    now = new Date(),
): Status {
    const { conditions = [] } = status;
    const old = conditions.find((one) => one.type === type);
    const state = failure === undefined ? "True" : "False";
    const said = failure ?? success;
    if (old?.status === state && (old.message ?? "") === said) return status;

    const { message: _message, ...rest } = old ?? {};
    const changed = {
        ...rest,
        type,
        status: state,
        ...(said && { message: said }),
        lastUpdateTime: goTime(now),
    };
    return {
        ...status,
        conditions: old ? conditions.map((one) => (one === old ? changed : one)) : [...conditions, changed],
    };
}

/** Works on a copy of a status, and tells in its condition `ready` how that went. */
export async function readyAfter<Status extends Conditional>(
    status: Status,
    work: (draft: Status) => Promise<void>,
): Promise<Outcome<Status>> {
    const draft = structuredClone(status);
    try {
        await work(draft);
        return { status: withCondition(draft, "ready", {}) };
    } catch (error) {
        const failure = (error as Error).message;
        return { status: withCondition(draft, "ready", { failure }), failure };
    }
}

/** What is thrown is told with the step that it came from, as Go's errors are wrapped. */
export async function within<T>(step: string, run: () => Promise<T>): Promise<T> {
    try {
        return await run();
    } catch (error) {
        throw new Error(`${step}: ${(error as Error).message}`);
    }
}
