/** A kind of resource, described once: what a program says of it, and what it is told. */
import type { Table } from "./fields";

/**
 * @typeParam F - the table of the arguments
 * @typeParam C - the table of what the provider computes
 */
export interface Description<F = Table, C = Table> {
    /** Type name, as in `llmos:Bucket`. */
    readonly type: string;
    readonly fields: F;
    readonly computed: C;
}

export function describe<F extends Table, C extends Table>(
    type: string,
    fields: F,
    computed: C,
): Description<F, C> {
    return { type, fields, computed };
}
