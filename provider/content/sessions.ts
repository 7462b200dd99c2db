/**
 * Upload sessions of our own: each file that is sent in parts has one, which is recorded in the bucket before the first part.
 * The next run goes on with it, and removes what it does not need. What another tool has left open is none of ours.
 */
import { createHash } from "node:crypto";
import type { Decoding } from "../description/decoding";
import { decodeFields, type Fields, required } from "../description/fields";
import { number, text } from "../description/kinds";
import { known } from "../reading";
import type { ContentStore } from "../s3/contentStore";
import type { OpenUpload, UploadedPart } from "../s3/multipartUploads";
import { OWN_PREFIX } from "../s3/objectStore";
import { bytesOfPart } from "./parts";

/** What is recorded of a session. */
export interface Session extends OpenUpload {
    /** Bytes of the file: it decides how the file is cut into parts. */
    readonly size: number;
    /** Algorithm of the parts' checksums: a session goes on with the one that it began with. */
    readonly checksum: string;
}

const CHECKSUM = "CRC32";

const fields: Fields<Session> = {
    key: required(text()),
    uploadId: required(text()),
    size: required(number(0)),
    checksum: required(text()),
};

export class Sessions {
    /** Keys of the records whose sessions have become objects. */
    private readonly completed = new Set<string>();

    private constructor(
        private readonly store: ContentStore,
        private readonly prefix: string,
        /** Of former runs, by the keys of their records; undefined for what is no record. */
        private readonly former: Map<string, Session | undefined>,
    ) {}

    /** Those of the content at `path`. */
    static async of(store: ContentStore, path: string): Promise<Sessions> {
        const prefix = `${OWN_PREFIX}sessions/${path}/`;
        const records = [...(await store.list(prefix)).keys()].map((name) => prefix + name);
        const read = records.map(async (record) => readSession(known(await store.text(record))));
        const sessions = await Promise.all(read);
        return new Sessions(
            store,
            prefix,
            new Map(records.map((record, index) => [record, sessions[index]])),
        );
    }

    /** A session of a former run that can be gone on with for this file, and the parts that have arrived. */
    async resumable(
        key: string,
        size: number,
    ): Promise<{ session: Session; arrived: readonly UploadedPart[] } | undefined> {
        for (const session of this.former.values()) {
            if (session?.key === key && session.size === size && session.checksum === CHECKSUM) {
                const arrived = await this.store.uploads.parts(session);
                if (
                    arrived.length > 0 &&
                    arrived.every((part) => part.size === bytesOfPart(size, part.number))
                ) {
                    return { session, arrived };
                }
            }
        }
        return undefined;
    }

    async start(key: string, size: number, contentType: string): Promise<Session> {
        const { uploadId } = await this.store.uploads.start(key, contentType);
        const session = { key, uploadId, size, checksum: CHECKSUM };
        await this.record(session);
        return session;
    }

    /** Records a session: again where it fails, because another run may have swept it while a part was on its way. */
    async record(session: Session): Promise<void> {
        await this.store.putText(this.recordOf(session), `${JSON.stringify(session)}\n`);
    }

    /** Notes that a session has become its object. */
    complete(session: Session): void {
        this.completed.add(this.recordOf(session));
    }

    /** Gives up a session. */
    async end(session: Session): Promise<void> {
        const record = this.recordOf(session);
        await this.store.uploads.abort(session);
        await this.store.remove([record]);
        this.former.delete(record);
    }

    /** Removes the records of what was completed, and gives up what former runs have left: of a file that is no longer there, too. */
    async sweep(): Promise<void> {
        const left = [...this.former].map(async ([record, session]) => {
            if (session && !this.completed.has(record)) {
                await this.store.uploads.abort(session);
            }
        });
        await Promise.all(left);
        await this.store.remove([...new Set([...this.completed, ...this.former.keys()])]);
    }

    /** A key for each session: two runs at once do not overwrite what the other one has noted. */
    private recordOf({ uploadId }: Session): string {
        return `${this.prefix}${createHash("sha256").update(uploadId).digest("hex").slice(0, 32)}.json`;
    }
}

function readSession(content: string | undefined): Session | undefined {
    const into: Decoding = { problems: [], unknowns: [] };
    try {
        const session = decodeFields(fields, JSON.parse(content ?? ""), "", into);
        return into.problems.length > 0 ? undefined : (session as Session);
    } catch {
        return undefined;
    }
}
