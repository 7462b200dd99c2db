import { startObjectStore } from "../../../examples/sandbox/objectStore";
import { findPrograms } from "../../../examples/sandbox/programs";
import { versionOf } from "../getting";
import type { MatrixServer } from "../server";

/** The sandbox's own S3 server: strict about signatures, regions and CORS. */
export const versitygw: MatrixServer = {
    name: "versitygw",
    version: "",

    async get(output) {
        const { versitygw: found } = await findPrograms(["versitygw"], output);
        const program = found?.file ?? "versitygw";
        return { program, args: [], version: await versionOf(program) };
    },

    async start({ program }, workplace) {
        const { folder } = workplace;
        const store = await startObjectStore({ program, folder, orphanedFolder: folder });
        workplace.stops(store.process);
        return store.details;
    },
};
