import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fromCargo, onPath } from "../getting";
import type { MatrixServer } from "../server";

const VERSION = "0.14.1";

/** Deletes a bucket with all that is in it, without a question. */
export const s3sFs: MatrixServer = {
    name: "s3s-fs",
    version: VERSION,

    async get(output) {
        const file = () => fromCargo("s3s-fs", VERSION, output, ["--features", "binary"]);
        return (await onPath("s3s-fs")) ?? { program: await file(), args: [] };
    },

    async start(launch, workplace) {
        const { folder, accessKeyId, secretAccessKey } = workplace;
        const data = join(folder, "data");
        await mkdir(data);
        return await workplace.run((port) => ({
            name: "s3s-fs",
            launch,
            args: [
                ["--host", "127.0.0.1"],
                ["--port", String(port)],
                ["--access-key", accessKeyId],
                ["--secret-key", secretAccessKey],
                [data],
            ].flat(),
            tls: false,
        }));
    },
};
