import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Authority, writeCertificate } from "./certificates";
import { answers } from "./connection";
import { type GuardedOptions, GuardedProcess, lastLines } from "./guardedProcess";
import { freePorts, withFreshPorts } from "./ports";
import { SandboxProblem } from "./problem";

const run = promisify(execFile);

/** The object store as its clients see it. */
export interface ObjectStoreDetails {
    /** As LLMOS wants it: host and port. */
    readonly endpoint: string;
    readonly url: string;
    readonly caFile: string;
    /** Content of `caFile`. */
    readonly caBundle: string;
    readonly region: string;
    /** Keys that may do everything. */
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
}

/** A running object store. */
export interface ObjectStore {
    process: GuardedProcess;
    /** Starts it anew, on the same port with the same data, after it has ended. */
    start(): Promise<GuardedProcess>;
    readonly details: ObjectStoreDetails;
}

/** What the object store needs to start. */
export interface ObjectStoreOptions {
    readonly program: string;
    readonly folder: string;
    readonly orphanedFolder: string | undefined;
}

const REGION = "us-east-1";
const START_TIMEOUT = 60_000;
const HEALTH = "/sandbox-health";
/** `*.localhost` in a certificate is refused by Node; one label more is taken. */
const HOSTS = ["localhost", "127.0.0.1", "s3.localhost", "*.s3.localhost"];

/** Starts versitygw, an S3 server with strict signatures, regions and CORS, over HTTPS under an authority of its own. */
export async function startObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
    const folder = join(options.folder, "s3");
    for (const name of ["", "iam", "versions", "data"]) {
        await mkdir(join(folder, name), { mode: 0o700 });
    }
    const authority = await Authority.create("sandbox S3");
    await writeCertificate(folder, "server", await authority.server({ hosts: HOSTS }));
    const caFile = join(folder, "ca.crt");
    await writeFile(caFile, authority.certificate);
    return withFreshPorts(async () => {
        const [port] = await freePorts(1);
        const details: ObjectStoreDetails = {
            endpoint: `localhost:${port}`,
            url: `https://localhost:${port}`,
            caFile,
            caBundle: authority.certificate,
            region: REGION,
            accessKeyId: `SANDBOX${randomBytes(8).toString("hex").toUpperCase()}`,
            secretAccessKey: randomBytes(24).toString("base64url"),
        };
        const address = `127.0.0.1:${port}`;
        const ready = () => answers(`https://${address}${HEALTH}`, details);
        const guarded = program(options, folder, address, details);
        const start = () => GuardedProcess.startAndWait(guarded, ready, START_TIMEOUT);
        return { process: await start(), start, details };
    });
}

function program(
    options: ObjectStoreOptions,
    folder: string,
    address: string,
    details: ObjectStoreDetails,
): GuardedOptions {
    const args = [
        ["--port", address],
        ["--region", REGION],
        ["--cert", join(folder, "server.crt")],
        ["--key", join(folder, "server.key")],
        ["--virtual-domain", `s3.${details.endpoint}`],
        ["--iam-dir", join(folder, "iam")],
        // A user that was just made or changed must be seen at once.
        ["--iam-cache-disable"],
        ["--health", HEALTH],
        // As S3 servers do: without it each request makes a TLS handshake, which costs more than the request.
        ["--keep-alive"],
        ["--quiet"],
        ["posix", "--versioning-dir", join(folder, "versions"), join(folder, "data")],
    ];
    return {
        name: "versitygw",
        program: options.program,
        args: args.flat(),
        // Not as arguments, which every user of the machine can list.
        env: { ROOT_ACCESS_KEY: details.accessKeyId, ROOT_SECRET_KEY: details.secretAccessKey },
        logFile: join(options.folder, "versitygw.log"),
        orphanedFolder: options.orphanedFolder,
    };
}

/** A user of the object store; what one of role `user` may do, bucket policies and ACLs say. */
export interface ObjectStoreUser {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly role: "admin" | "user" | "userplus";
}

/** Makes a user with keys of its own, for example one that a bucket policy then lets only read. */
export async function createUser(
    sandbox: { readonly s3: ObjectStoreDetails; readonly programs: Readonly<Record<string, string>> },
    user: ObjectStoreUser,
): Promise<void> {
    const { s3, programs } = sandbox;
    const asked = ["--access", user.accessKeyId, "--secret", user.secretAccessKey, "--role", user.role];
    // The command trusts the system's authorities only, and the sandbox's is none of them; it stays on loopback.
    const args = ["admin", "--endpoint-url", s3.url, "--allow-insecure", "create-user", ...asked];
    const env = {
        ...process.env,
        ADMIN_ACCESS_KEY_ID: s3.accessKeyId,
        ADMIN_SECRET_ACCESS_KEY: s3.secretAccessKey,
    };
    try {
        await run(programs["versitygw"] ?? "versitygw", args, { env });
    } catch (error) {
        const { stderr = "" } = error as { stderr?: string };
        throw new SandboxProblem(
            {
                found: `the object store did not make the user ${user.accessKeyId}`,
                where: s3.url,
                why: "the keys that were asked for do not exist",
                next: "choose an access key that no user has yet, and check that the sandbox still runs",
                lastLines: lastLines(stderr, 5),
            },
            // The error of the command holds its arguments, and with them the secret.
        );
    }
}
