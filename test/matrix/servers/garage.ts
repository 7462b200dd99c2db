import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "../../../examples/sandbox/ports";
import { runGuarded } from "../../../examples/sandbox/programBuild";
import { fromCargo, type Launch, onPath } from "../getting";
import type { MatrixServer, Workplace } from "../server";

const VERSION = "2.5.0";

/** A bucket made over S3 belongs to the key, and any browser is told yes: CORS rules do not count there. */
export const garage: MatrixServer = {
    name: "Garage",
    version: VERSION,

    async get(output) {
        return (await onPath("garage")) ?? { program: await fromCargo("garage", VERSION, output), args: [] };
    },

    async start(launch, workplace) {
        const [rpc = 0] = await freePorts(1);
        const { folder } = workplace;
        // Garage takes keys in its own form only.
        const accessKeyId = `GK${randomBytes(12).toString("hex")}`;
        const secretAccessKey = randomBytes(32).toString("hex");
        const settings = join(folder, "garage.toml");
        await Promise.all(["meta", "data"].map((name) => mkdir(join(folder, name))));
        const configured = { ...launch, args: [...launch.args, "-c", settings] };
        const running = await workplace.run(async (port) => {
            await writeFile(settings, configuration(folder, port, rpc), { mode: 0o600 });
            return { name: "garage", launch: configured, args: ["server"], tls: false };
        });
        const id = (await ask(configured, workplace, ["node", "id", "-q"])).split("@")[0] ?? "";
        await ask(configured, workplace, ["layout", "assign", "-z", "here", "-c", "1G", id]);
        await ask(configured, workplace, ["layout", "apply", "--version", "1"]);
        await ask(configured, workplace, ["key", "import", "--yes", accessKeyId, secretAccessKey]);
        await ask(configured, workplace, ["key", "allow", "--create-bucket", accessKeyId]);
        return { ...running, accessKeyId, secretAccessKey };
    },
};

/** The same with buckets that have got a name for all keys from Garage's own tool: their CORS rules count. */
export const garageGlobal: MatrixServer = {
    ...garage,
    name: "Garage, global alias",
    async afterCreation(launch, workplace, bucket) {
        const configured = { ...launch, args: [...launch.args, "-c", join(workplace.folder, "garage.toml")] };
        const told = await ask(configured, workplace, ["bucket", "list"]);
        const id =
            told
                .split("\n")
                .find((line) => line.includes(bucket))
                ?.trim()
                .split(/\s+/)[0] ?? "";
        await ask(configured, workplace, ["bucket", "alias", id, bucket]);
    },
};

function configuration(folder: string, port: number, rpc: number): string {
    return [
        `metadata_dir = "${join(folder, "meta")}"`,
        `data_dir = "${join(folder, "data")}"`,
        'db_engine = "sqlite"',
        "replication_factor = 1",
        `rpc_bind_addr = "127.0.0.1:${rpc}"`,
        `rpc_public_addr = "127.0.0.1:${rpc}"`,
        `rpc_secret = "${"0".repeat(64)}"`,
        "[s3_api]",
        's3_region = "us-east-1"',
        `api_bind_addr = "127.0.0.1:${port}"`,
        "",
    ].join("\n");
}

async function ask(launch: Launch, { folder }: Workplace, args: readonly string[]): Promise<string> {
    const { ending, written } = await runGuarded({
        name: "garage",
        program: launch.program,
        args: [...launch.args, ...args],
        cwd: folder,
        env: { RUST_LOG: "error" },
    });
    if (ending.code !== 0) {
        throw new Error(`garage ${args[0]} ${args[1]} failed: ${written}`);
    }
    return written;
}
