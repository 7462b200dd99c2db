import { startObjectStore } from "../../../examples/sandbox/objectStore";
import { findPrograms } from "../../../examples/sandbox/programs";
import type { MatrixServer } from "../server";

/** The sandbox's own S3 server: strict about signatures, regions and CORS. */
export const versitygw: MatrixServer = {
    name: "versitygw",
    version: "1.8.0",

    async get(output) {
        const { versitygw: found } = await findPrograms(["versitygw"], output);
        return { program: found?.file ?? "versitygw", args: [] };
    },

    async start({ program }, workplace) {
        const { folder } = workplace;
        const store = await startObjectStore({ program, folder, orphanedFolder: folder });
        workplace.stops(store.process);
        return store.details;
    },
};
