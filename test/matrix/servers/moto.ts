import { fromClient } from "../getting";
import type { MatrixServer } from "../server";

const VERSION = "5.2.5";

/** Amazon's behaviour imitated, without a look at keys; each bucket has the region that it was made with. */
export const moto: MatrixServer = {
    name: "moto",
    version: VERSION,

    async get(output) {
        const recipe = {
            name: "moto",
            version: VERSION,
            file: "bin/moto_server",
            client: "python3",
            runs: (folder: string) => [
                ["-m", "venv", folder],
                [`${folder}/bin/python`, "-m", "pip", "install", "--quiet", `moto[s3,server]==${VERSION}`],
            ],
        };
        // A script in a venv names the folder that it was made in, which is not where the cache keeps it.
        const script = await fromClient(recipe, output);
        return { program: script.replace(/moto_server$/, "python"), args: ["-m", "moto.server"] };
    },

    async start(launch, workplace) {
        return await workplace.run((port) => ({
            name: "moto",
            launch,
            args: [
                ["--host", "127.0.0.1"],
                ["--port", String(port)],
                ["--ssl-cert", workplace.certificateFile],
                ["--ssl-key", workplace.keyFile],
            ].flat(),
            tls: true,
        }));
    },
};
