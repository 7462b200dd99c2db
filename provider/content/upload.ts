/** Sending files to a bucket: several at once, or the first failure. */
import { setMaxListeners } from "node:events";
import { LlmosError } from "../finding";
import { FileSending, type Transfer } from "./fileSending";
import type { LocalFile } from "./localFiles";

/** Files that are worked on at once; what moves at once, the limiter decides. */
const FILES_AT_ONCE = 32;

/** Sends all files, or throws the first failure. */
export async function upload(files: readonly LocalFile[], transfer: Transfer): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([transfer.signal, failed.signal]);
    // Every request on its way listens to it.
    setMaxListeners(0, signal);
    const queue = files.values();
    const work = async () => {
        for (const file of queue) {
            signal.throwIfAborted();
            const stored = await new FileSending(file, { ...transfer, signal })
                .send()
                .catch((error: unknown) => {
                    throw naming(transfer.root + file.path, error);
                });
            transfer.progress.fileDone();
            transfer.onStored(file, stored);
        }
    };
    const workers = Array.from({ length: FILES_AT_ONCE }, () =>
        work().catch((error: unknown) => {
            failed.abort(error);
            throw error;
        }),
    );
    const outcomes = await Promise.allSettled(workers);
    if (outcomes.some(({ status }) => status === "rejected")) {
        throw transfer.signal.aborted ? transfer.signal.reason : failed.signal.reason;
    }
}

/** A failure of the server, with the object that it is about: a request for that object itself has named it. */
function naming(key: string, error: unknown): unknown {
    if (!(error instanceof LlmosError) || error.finding.code !== "s3-failed") {
        return error;
    }
    const { finding, cause } = error;
    const object = `object "${key}"`;
    return finding.where.includes(object)
        ? error
        : new LlmosError({ ...finding, where: `${finding.where}, ${object}` }, { cause });
}
