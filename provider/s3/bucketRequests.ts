/** Requests for one bucket: each failure explained, and no list taken for whole that is not. */
import type { S3Client } from "@aws-sdk/client-s3";
import { failure } from "../finding";
import { type S3Connection, urlOf } from "./client";
import { attemptOver, explaining } from "./failures";
import type { Attempt } from "./refusals";
import type { Sending } from "./sender";

/** An object as a listing shows it. */
export interface ListedObject {
    /** Bytes. */
    readonly size: number;
    /** Without its quotes. */
    readonly etag: string;
}

/** How something is sent: beside what it is. */
export type SendOptions = Pick<Sending, "headers" | "signal" | "onBytes">;

/**
 * The client and what one bucket needs of it.
 *
 * @internal
 */
export class BucketRequests {
    constructor(
        readonly bucket: string,
        readonly connection: S3Connection,
        readonly client: S3Client,
        readonly sdk: typeof import("@aws-sdk/client-s3"),
    ) {}

    get place(): { Bucket: string } {
        return { Bucket: this.bucket };
    }

    /** Sends, and explains what fails. `action` is the S3 permission that the request needs; `key` is of one object. */
    explain<T>(action: string, send: () => Promise<T>, key?: string): Promise<T> {
        return explaining(this.attempt(action, key), send);
    }

    attempt(action: string, key?: string): Attempt {
        const at = { bucket: this.bucket, ...(key !== undefined && { key }) };
        return attemptOver(this.connection, action, at);
    }

    /** Where a list goes on. Half a list is never taken for a whole one. */
    goesOn(next: string | undefined): string {
        if (!next) {
            throw failure("s3-failed", {
                found: "The S3 server gives a part of a list, and does not say where the list goes on",
                where: `${urlOf(this.connection.endpoint)}, bucket "${this.bucket}"`,
                why: "What lies there has to be known whole before it is compared, changed or removed.",
                next: "Check that no proxy before the server changes requests (list-type=2); if none does, use a server that has it.",
            });
        }
        return next;
    }
}

/** Of an ETag. */
export function unquoted(etag: unknown): string {
    return String(etag ?? "").replace(/^"|"$/g, "");
}
