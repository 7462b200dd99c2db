/** What the exit code says. */

/** Done, and nothing found wrong. */
export const ALL_WELL = 0;

/** Done, and something was found wrong. */
export const FOUND_WRONG = 1;

/** Not done: wrong usage, or it was not possible to ask. */
export const NOT_ASKED = 2;
