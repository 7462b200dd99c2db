/**
 * npm run bench:upload [-- --json FILE]: what the provider's upload takes, as a ratio to s5cmd with the same number of
 * requests at once, in turn in the same run: above 1, ours is faster.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { fromGo, onPath } from "../matrix/getting";
import { bytesOf, seeded } from "../support/seeded";
import { createBucket } from "../support/stores";

const run = promisify(execFile);

const MIB = 1024 * 1024;
const BUCKET = "bench-upload";
/** Requests at once, on both sides. */
const CONCURRENCY = 16;
/** Rounds of each; the median counts. */
const ROUNDS = 3;

const SETS = [
    { name: "1 file of 2 GiB", files: 1, bytes: 2048 * MIB },
    { name: "200 files of 10 MiB", files: 200, bytes: 10 * MIB },
    { name: "10,000 files of 10 KiB", files: 10_000, bytes: 10 * 1024 },
];

interface Measured {
    readonly seconds: number;
    readonly peakMiB: number;
}

// The notice is for those who work on this package, not a part of the table.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

const { values: flags } = parseArgs({ options: { json: { type: "string" } } });

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});

async function main(): Promise<void> {
    const log = (line: string) => console.log(line);
    const s5cmd = await program(log);
    const sandbox = await startSandbox({ log, engine: false, operator: false });
    const folder = await mkdtemp(join(tmpdir(), "bench-upload-"));
    const cases: object[] = [];
    try {
        await createBucket(sandbox.s3.url, sandbox.s3, BUCKET, sandbox.s3.caBundle);
        for (const set of SETS) {
            cases.push(await compare(sandbox, s5cmd, join(folder, "files"), set));
        }
    } finally {
        await sandbox.stop();
        await rm(folder, { recursive: true, force: true });
    }
    if (flags.json !== undefined) {
        await writeFile(flags.json, `${JSON.stringify({ cases }, null, 2)}\n`);
    }
}

async function program(log: (line: string) => void): Promise<string> {
    const source = {
        name: "s5cmd",
        module: "github.com/peak/s5cmd/v2",
        main: "",
        versionVariables: () => ({}),
        firstBuild: "about half a minute",
    };
    const built = () => fromGo(source, { log, live: undefined }, join(__dirname, "programs"));
    return ((await onPath("s5cmd")) ?? (await built())).program;
}

async function compare(
    sandbox: Sandbox,
    s5cmd: string,
    folder: string,
    { name, files, bytes }: (typeof SETS)[number],
): Promise<object> {
    await rm(folder, { recursive: true, force: true });
    await fill(folder, files, bytes);
    const ours: Measured[] = [];
    const theirs: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
        theirs.push(await byS5cmd(sandbox, s5cmd, folder, `s5cmd/${files}/${round}`));
        ours.push(await byProvider(sandbox, folder, `provider/${files}/${round}`));
    }
    const seconds = median(ours.map((one) => one.seconds));
    const floorSeconds = median(theirs);
    const peakMiB = Math.max(...ours.map((one) => one.peakMiB));
    const ratio = floorSeconds / seconds;
    const rate = (files * bytes) / MIB / seconds;
    console.log(
        `${name.padEnd(24)} ${rate.toFixed(0).padStart(5)} MiB/s, ${ratio.toFixed(2)} times s5cmd; peak memory ${peakMiB} MiB`,
    );
    return { name, seconds, floorSeconds, ratio, peakMiB };
}

/** Bytes that cannot be compressed; each file begins with its number, so that no two are the same. */
async function fill(folder: string, files: number, bytes: number): Promise<void> {
    await mkdir(folder, { recursive: true });
    const piece = bytesOf(seeded(1), Math.min(bytes, 16 * MIB));
    for (let index = 0; index < files; index += 1) {
        const file = await open(join(folder, `file-${index}.bin`), "w");
        piece.writeUInt32LE(index);
        for (let written = 0; written < bytes; written += piece.length) {
            await file.write(piece.subarray(0, bytes - written));
        }
        await file.close();
    }
}

async function byProvider({ s3 }: Sandbox, content: string, path: string): Promise<Measured> {
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = s3;
    const connection = { endpoint, caBundle, keys: { accessKeyId, secretAccessKey } };
    const task = JSON.stringify({ connection, bucket: BUCKET, content, path });
    const { stdout } = await run(process.execPath, [join(__dirname, "uploadChild.cjs"), task]);
    return JSON.parse(stdout) as Measured;
}

/** Seconds. */
async function byS5cmd({ s3 }: Sandbox, s5cmd: string, folder: string, path: string): Promise<number> {
    const args = [
        "--endpoint-url",
        s3.url,
        // It takes no authority of its own; the sandbox stays on loopback.
        "--no-verify-ssl",
        "--numworkers",
        String(CONCURRENCY),
        "--log",
        "error",
        "cp",
        "--concurrency",
        String(CONCURRENCY),
        `${folder}/`,
        `s3://${BUCKET}/${path}/`,
    ];
    const env = {
        ...process.env,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        AWS_REGION: s3.region,
    };
    const started = performance.now();
    await run(s5cmd, args, { env });
    return (performance.now() - started) / 1_000;
}

function median(numbers: number[]): number {
    const sorted = [...numbers].sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
