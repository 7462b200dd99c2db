/** Content as a part of a model or a dataset version: its arguments and state. */
import {
    type InputsOf,
    message,
    type OutputsOf,
    optional,
    required,
    withDefault,
} from "../description/fields";
import { flag, list, number, object, oneOf, text } from "../description/kinds";

const pending = {
    /** Files to send. */
    files: required(number(0)),
    /** Their bytes. */
    bytes: required(number(0)),
    /** Objects to remove. */
    removals: required(number(0)),
    /** How many of these may make another content than the one that was stored; the others put right what was changed there. */
    changes: required(number(0)),
};

/** What is to be done to the content. */
export interface Pending extends InputsOf<typeof pending> {}

/** Arguments of what has content. What a change of them does shows in `pending`. */
export const contentFields = {
    /** A folder or a file; a relative path starts at the program's folder. Not given: the content is left alone. */
    content: optional(text(), "store"),
    /**
     * Patterns of what is left out, with the meaning of `.gitignore`. `.git`, `.cache/huggingface` and what file managers
     * leave are left out unless a pattern takes them back (`!.git`).
     */
    ignore: optional(list(text()), "store"),
    /** Store what symbolic links lead to. Default false: a link is an error. */
    followSymlinks: withDefault(flag, false, "store"),
    /** Remove what lies there and is not in the content. Default false: it is kept, and told. */
    prune: withDefault(flag, false, "store"),
    /**
     * How a file is taken for the one that was stored. `time`: by its size and time of modification, and, where this machine has
     * read it before, by the last change of its inode too. `content`: by its bytes, which each preview and `up` reads; for files
     * whose times say nothing, as those of reproducible archives, Nix and Bazel on a machine that has not seen them before.
     */
    verify: withDefault(oneOf("time", "content"), "time", "store"),
    /** What an update has to do: how the engine knows of files that changed. */
    pending: message(object<Pending>("Pending", pending)),
};

export interface ContentInputs extends InputsOf<typeof contentFields> {}

export const contentComputed = {
    /** Bytes of all objects there. */
    size: required(number(0)),
    /** Number of objects there. */
    fileCount: required(number(0)),
    /** SHA-256, in hex, of the lines that `sha256sum` prints for the declared files, by path; empty without `content`. */
    contentDigest: required(text()),
    /** How what lies there differs from what was stored, a line a file, at most 20. */
    contentDrift: required(list(text())),
};

/** What is known of a stored content. */
export interface ContentState extends OutputsOf<typeof contentComputed> {}
