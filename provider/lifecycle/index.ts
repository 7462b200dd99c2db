/**
 * What a resource is, free of Pulumi: a plain object of functions over typed inputs and a context. An adapter
 * (`provider/pulumi/`) turns it into something an engine can drive, by way of the driver.
 */

import type { Clock } from "../clock";
import type { ClusterReference } from "../description/arguments";
import type { Change } from "../description/comparison";
import type { Fields } from "../description/fields";
import type { Finding, LlmosError } from "../finding";
import type { Cluster, ClusterReader } from "../kubernetes/cluster";
import type { Limiter } from "../network/limiter";
import type { Reading } from "../reading";
import type { S3Connection } from "../s3/client";
import type { ContentStore } from "../s3/contentStore";
import type { ObjectStore } from "../s3/objectStore";
import type { History } from "./history";
import type { Questions } from "./questions";
import type { Settings } from "./settings";

/** Where progress and warnings go. Never given a key. */
export interface Log {
    info(message: string): Promise<void>;
    warn(message: string): Promise<void>;
}

/** All that a lifecycle may touch. */
export interface Context {
    readonly settings: Settings;
    readonly clock: Clock;
    readonly log: Log;
    /** The questions of preview, each asked once a process. */
    readonly questions: Questions;
    /** What this process has done so far, for rules that span two calls. */
    readonly history: History;
    /** Aborted when the engine wants this process to come to an end, or is gone itself. */
    readonly interruption: AbortSignal;
    /** Where this machine keeps what only saves time. */
    readonly cacheFolder: string;
    /** What all uploads of this process share. */
    readonly limiter: Limiter;
    cluster(reference: ClusterReference | undefined): Promise<Cluster>;
    /** The same cluster for preview: what is asked of it is a question. */
    clusterReader(reference: ClusterReference | undefined): Promise<ClusterReader>;
    objectStore(connection: S3Connection): Promise<ObjectStore>;
    contentStore(connection: S3Connection, bucket: string): Promise<ContentStore>;
}

/** A create or update that changed something and then failed: the engine keeps `state`, so that nothing is orphaned. */
export class PartialFailure<S> extends Error {
    constructor(
        readonly id: string,
        readonly state: S,
        readonly reason: LlmosError,
    ) {
        super(reason.message);
    }
}

/** Inputs that may still hold unknown values; `Partial` because an unknown one is left out. */
export type KnownPart<I> = Partial<I>;

/**
 * A resource's life, in its order.
 *
 * @typeParam I - inputs, all known
 * @typeParam S - state: the inputs and everything that was computed
 */
export interface Lifecycle<I extends object, S extends I> {
    /** Type name, as in `llmos:Bucket`. */
    readonly type: string;
    /** Decoders of the inputs: the pure part of `check`. */
    readonly fields: Fields<I>;
    /** Decoders of what the state holds beside the inputs: what cannot be read is told, and never guessed. */
    readonly computed: Fields<Omit<S, keyof I>>;
    /** Arguments that the questions of preflight need: one that is not known yet is said to be unchecked. */
    readonly asks: readonly (keyof I & string)[];
    /** Rules over several arguments, pure; unknown ones are left out of `inputs` and named in `unknowns`. */
    validate?(inputs: KnownPart<I>, unknowns: ReadonlySet<string>): Finding[];
    /** What the resource stands for, the same for two resources that stand for the same thing. */
    subject(inputs: KnownPart<I>): readonly unknown[];
    /** Whether another resource of the program may stand for the same: it only uses what is there. */
    shares?(inputs: KnownPart<I>): boolean;
    /** Fills in what depends on the stack's configuration, and on files here. May fail with an explained error. */
    complete?(
        context: Context,
        inputs: KnownPart<I>,
        prior: KnownPart<I> | undefined,
        unknowns: ReadonlySet<string>,
    ): Promise<Partial<I>>;
    /** Rules that span several resources of one program; asked even where nothing may be asked of the servers. */
    acrossProgram?(context: Context, inputs: KnownPart<I>): Finding[];
    /**
     * Read-only questions to both sides, before anything is changed. `prior` holds the inputs of the existing
     * resource, undefined for a new one; `unchanged` says that no argument differs from it that servers are asked about.
     */
    preflight(
        context: Context,
        inputs: KnownPart<I>,
        prior: KnownPart<I> | undefined,
        unchanged: boolean,
    ): Promise<Finding[]>;
    /** Arguments that `changes` compares, by what they mean or by what was seen; the others are compared as they are. */
    readonly compares?: readonly (keyof I & string)[];
    /** Pure comparison of those, and drift; unknown inputs are left out of `inputs` and named in `unknowns`. */
    changes?(state: S, inputs: KnownPart<I>, unknowns: ReadonlySet<string>): Change[];
    /** Whether the old object must go first when these arguments replace it, because the new one has its place. */
    deletesFirst?(replaced: readonly string[]): boolean;
    create(context: Context, inputs: I): Promise<{ id: string; state: S }>;
    read(context: Context, id: string, state: S): Promise<Reading<S>>;
    /** Called where a change concerns servers, or where an earlier create or update did not come to its end. */
    update(context: Context, id: string, state: S, inputs: I): Promise<S>;
    delete(context: Context, id: string, state: S): Promise<void>;
}

/** Named values, as an engine has them. */
export type Properties = Record<string, unknown>;

/** A lifecycle whose types the engine has erased; `decodeFields` checks what goes in. */
export type AnyLifecycle = Lifecycle<Properties, Properties>;
