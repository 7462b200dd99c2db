import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "../../../examples/sandbox/ports";
import { runGuarded } from "../../../examples/sandbox/programBuild";
import { required, versionOf } from "../getting";
import type { MatrixServer, Workplace } from "../server";

/** What one monitor, one OSD in memory and one gateway consist of. */
const PROGRAMS = ["ceph-mon", "ceph-osd", "ceph", "monmaptool", "radosgw-admin", "radosgw"];

/** Ceph's own S3 server, on the smallest cluster that there is: no manager, one copy, all in memory. */
export const radosgw: MatrixServer = {
    name: "Ceph RGW",
    version: "",

    async get() {
        const found = PROGRAMS.map((name) =>
            required(name, "the Ceph gateway needs it, and nothing here installs it"),
        );
        const program = found.at(-1) ?? "radosgw";
        const args = ["-f", "-n", "client.rgw", "-c", "ceph.conf"];
        return { program, args, version: await versionOf(program) };
    },

    async start(launch, workplace) {
        await startCluster(workplace);
        const { certificateFile, keyFile, accessKeyId, secretAccessKey } = workplace;
        const tls = `ssl_certificate=${certificateFile} ssl_private_key=${keyFile}`;
        const running = await workplace.run((port) => ({
            name: "radosgw",
            launch,
            args: ["--rgw-frontends", `beast ssl_endpoint=127.0.0.1:${port} ${tls}`],
            tls: true,
        }));
        const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
        await ask(workplace, "radosgw-admin", [
            "user",
            "create",
            "--uid=matrix",
            "--display-name=matrix",
            ...keys,
        ]);
        return running;
    },
};

async function startCluster(workplace: Workplace): Promise<void> {
    const { folder } = workplace;
    const [port = 0] = await freePorts(1);
    const [cluster, osd] = [randomUUID(), randomUUID()];
    await Promise.all(["mon", "osd", "run"].map((name) => mkdir(join(folder, name))));
    await writeFile(join(folder, "keyring"), "");
    await writeFile(join(folder, "ceph.conf"), configuration(folder, cluster, port));
    await ask(workplace, "monmaptool", [
        "--create",
        "--addv",
        "a",
        `v1:127.0.0.1:${port}`,
        "--fsid",
        cluster,
        "monmap",
    ]);
    await ask(workplace, "ceph-mon", ["--mkfs", "-i", "a", "--monmap", "monmap"]);
    const stat = ["--connect-timeout", "5", "mon", "stat"];
    await daemon(
        workplace,
        "ceph-mon",
        "a",
        async () => (await tried(workplace, "ceph", stat)).ending.code === 0,
    );
    await ask(workplace, "ceph", ["osd", "new", osd]);
    await ask(workplace, "ceph", ["osd", "crush", "add", "osd.0", "1.0", "root=default"]);
    await ask(workplace, "ceph-osd", ["--mkfs", "-i", "0", "--osd-uuid", osd]);
    // The gateway waits for it.
    await daemon(workplace, "ceph-osd", "0", async () => true);
}

async function daemon(
    workplace: Workplace,
    name: string,
    id: string,
    ready: () => Promise<boolean>,
): Promise<void> {
    const launch = { program: name, args: ["-f", "-i", id, "-c", "ceph.conf"] };
    await workplace.startProcess({ name, launch, args: [] }, ready);
}

async function ask(workplace: Workplace, program: string, args: readonly string[]): Promise<void> {
    const { ending, written } = await tried(workplace, program, args);
    if (ending.code !== 0) {
        throw new Error(`${program} ${args[0]} failed: ${written}`);
    }
}

function tried({ folder }: Workplace, program: string, args: readonly string[]) {
    const configured = program === "monmaptool" ? args : ["-c", "ceph.conf", ...args];
    return runGuarded({ name: program, program, args: configured, cwd: folder });
}

function configuration(folder: string, cluster: string, port: number): string {
    return [
        "[global]",
        `fsid = ${cluster}`,
        `mon_host = v1:127.0.0.1:${port}`,
        ...["cluster", "service", "client"].map((who) => `auth_${who}_required = none`),
        "ms_bind_msgr2 = false",
        "cluster_addr = 127.0.0.1",
        "osd_objectstore = memstore",
        "osd_pool_default_size = 1",
        "osd_pool_default_min_size = 1",
        "osd_pool_default_pg_num = 1",
        "osd_pool_default_pg_autoscale_mode = off",
        "mon_allow_pool_size_one = true",
        "mon_max_pg_per_osd = 1000",
        "osd_crush_chooseleaf_type = 0",
        // Without these two the OSD takes itself for a stranger ("wrong fsid").
        "osd_class_update_on_start = false",
        "osd_crush_update_on_start = false",
        `keyring = ${join(folder, "keyring")}`,
        `mon_data = ${join(folder, "mon")}`,
        `osd_data = ${join(folder, "osd")}`,
        `rgw_data = ${join(folder, "run")}`,
        `run_dir = ${join(folder, "run")}`,
        `crash_dir = ${join(folder, "run")}`,
        `admin_socket = ${join(folder, "run", "$name.$pid.asok")}`,
        `log_file = ${join(folder, "run", "$name.log")}`,
        `pid_file = ${join(folder, "run", "$name.pid")}`,
        "[osd]",
        "public_addr = 127.0.0.1",
        "",
    ].join("\n");
}
