import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeCertificate } from "../../../examples/sandbox/certificates";
import { fromGo, onPath } from "../getting";
import type { MatrixServer } from "../server";
import { PAGE } from "../trial";

/** No CORS of buckets, but one setting of the server, which lets every origin in by default. */
export const minio: MatrixServer = withSettings("MinIO", {});

/** The same with the setting that the finding names. */
export const minioSet: MatrixServer = withSettings("MinIO, origins set", {
    MINIO_API_CORS_ALLOW_ORIGIN: PAGE,
});

function withSettings(name: string, settings: Readonly<Record<string, string>>): MatrixServer {
    return {
        name,
        version: "2026-02-12",

        async get(output) {
            const source = {
                name: "minio",
                module: "github.com/minio/minio",
                main: "",
                versionVariables: () => ({}),
                firstBuild: "about two minutes",
            };
            return (await onPath("minio")) ?? (await fromGo(source, output));
        },

        async start(launch, workplace) {
            const certificates = join(workplace.folder, "certificates");
            const data = join(workplace.folder, "data");
            await mkdir(data);
            // MinIO looks for these two names.
            await writeCertificate(certificates, "public", workplace.certificate);
            await writeCertificate(certificates, "private", workplace.certificate);
            return await workplace.run((port) => ({
                name: "minio",
                launch,
                args: ["server", "--address", `127.0.0.1:${port}`, "--certs-dir", certificates, data],
                env: {
                    MINIO_ROOT_USER: workplace.accessKeyId,
                    MINIO_ROOT_PASSWORD: workplace.secretAccessKey,
                    MINIO_BROWSER: "off",
                    MINIO_UPDATE: "off",
                    ...settings,
                },
                tls: true,
            }));
        },
    };
}
