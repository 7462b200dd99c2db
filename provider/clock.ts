/** Time as the lifecycles see it. */

/** Time, so that tests need not wait for it. */
export interface Clock {
    /** Milliseconds since the epoch. */
    now(): number;
    /** Resolves after `milliseconds`. */
    sleep(milliseconds: number): Promise<void>;
}
