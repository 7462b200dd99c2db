import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MatrixServer } from "../server";
import { PAGE } from "../trial";
import { fromMaven } from "./java";

const VERSION = "4.1.0";
const SOURCE = {
    name: "S3Proxy",
    group: "org.gaul",
    artifact: "s3proxy",
    version: VERSION,
    classifier: "jar-with-dependencies",
};

/** No CORS of buckets, but settings of the server, which let no origin in by default. */
export const s3proxy: MatrixServer = withSettings("S3Proxy", {});

/** The same with the setting that the finding names, for the origins of the matrix. */
export const s3proxySet: MatrixServer = withSettings("S3Proxy, origins set", {
    "s3proxy.cors-allow-origins": PAGE.replaceAll(".", "\\\\."),
    "s3proxy.cors-allow-methods": "GET PUT POST DELETE HEAD",
    "s3proxy.cors-allow-headers": "content-type",
});

function withSettings(name: string, cors: Readonly<Record<string, string>>): MatrixServer {
    return {
        name,
        version: VERSION,

        async get(output) {
            return await fromMaven(SOURCE, output);
        },

        async start(launch, workplace) {
            const { folder, accessKeyId, secretAccessKey } = workplace;
            const settings = join(folder, "s3proxy.conf");
            await mkdir(join(folder, "data"));
            const lines = (port: number) => ({
                "s3proxy.endpoint": `http://127.0.0.1:${port}`,
                "s3proxy.authorization": "aws-v2-or-v4",
                "s3proxy.identity": accessKeyId,
                "s3proxy.credential": secretAccessKey,
                "jclouds.provider": "filesystem-nio2",
                "jclouds.filesystem.basedir": join(folder, "data"),
                ...cors,
            });
            return await workplace.run(async (port) => {
                const text = Object.entries(lines(port)).map(([key, value]) => `${key}=${value}\n`);
                await writeFile(settings, text.join(""), { mode: 0o600 });
                return { name: "s3proxy", launch, args: ["--properties", settings], tls: false };
            });
        },
    };
}
