/** What a server of the matrix is, and what it needs to run on this machine. */
import { randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority, type Certificate, writeCertificate } from "../../examples/sandbox/certificates";
import { CleanUp } from "../../examples/sandbox/cleanUp";
import { answers } from "../../examples/sandbox/connection";
import { GuardedProcess } from "../../examples/sandbox/guardedProcess";
import { freePorts, withFreshPorts } from "../../examples/sandbox/ports";
import type { Output } from "../../examples/sandbox/progress";
import { Recorder } from "../support/recorder";
import type { Launch } from "./getting";

/** A server as its clients see it. */
export interface RunningServer {
    /** As LLMOS wants it: host and port. */
    readonly endpoint: string;
    readonly url: string;
    readonly caBundle: string;
    readonly region: string;
    /** Keys that may do everything. */
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
}

/** One way to run one server. */
export interface MatrixServer {
    readonly name: string;
    /** The version that is pinned here; empty where the program itself tells its version. */
    readonly version: string;
    /** Finds the program or gets it; a SandboxProblem says why it cannot be had. */
    get(output: Output): Promise<Launch>;
    start(launch: Launch, workplace: Workplace): Promise<RunningServer>;
    /** Does what an operator of this server has to do after a bucket was made, with its own tool. */
    afterCreation?(launch: Launch, workplace: Workplace, bucket: string): Promise<void>;
}

/** How a program is run as a server. */
export interface ServerProcess {
    readonly name: string;
    readonly launch: Launch;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** It speaks TLS itself, with the certificate of the workplace. */
    readonly tls: boolean;
}

const START_TIMEOUT = 120_000;
const REGION = "us-east-1";

/** Folder, authority and keys of one running server, and the undoing of all that was started in it. */
export class Workplace {
    readonly accessKeyId = `MATRIX${randomBytes(7).toString("hex").toUpperCase()}`;
    readonly secretAccessKey = randomBytes(20).toString("hex");
    private readonly cleanUp = new CleanUp();

    private constructor(
        readonly folder: string,
        readonly authority: Authority,
        readonly certificate: Certificate,
        readonly certificateFile: string,
        readonly keyFile: string,
    ) {
        this.cleanUp.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    }

    static async open(): Promise<Workplace> {
        const folder = await mkdtemp(join(await realpath(tmpdir()), "pulumi-llmos-matrix-"));
        const authority = await Authority.create("matrix S3");
        const certificate = await authority.server({ hosts: ["localhost", "127.0.0.1"] });
        const files = await writeCertificate(folder, "server", certificate);
        return new Workplace(folder, authority, certificate, files.certificateFile, files.keyFile);
    }

    /** Starts a server on a free port, with HTTPS before it where it has none, and waits until it answers. */
    async run(start: (port: number) => ServerProcess | Promise<ServerProcess>): Promise<RunningServer> {
        const port = await withFreshPorts(async () => {
            const [own = 0] = await freePorts(1);
            const server = await start(own);
            const reached = server.tls ? own : await this.secured(own);
            const url = `https://127.0.0.1:${reached}/`;
            const trusting = { caBundle: this.authority.certificate };
            await this.startProcess(server, () => answers(url, trusting, (status) => status < 500));
            return reached;
        });
        return {
            endpoint: `localhost:${port}`,
            url: `https://localhost:${port}`,
            caBundle: this.authority.certificate,
            region: REGION,
            accessKeyId: this.accessKeyId,
            secretAccessKey: this.secretAccessKey,
        };
    }

    /** Starts one program and waits until it is ready; it stops with the workplace. */
    async startProcess(
        { name, launch, args, env }: Omit<ServerProcess, "tls">,
        ready: () => Promise<boolean>,
    ): Promise<void> {
        const options = {
            name,
            program: launch.program,
            args: [...launch.args, ...args],
            cwd: this.folder,
            ...(env && { env }),
            logFile: join(this.folder, `${name}.log`),
            orphanedFolder: this.folder,
        };
        this.stops(await GuardedProcess.startAndWait(options, ready, START_TIMEOUT));
    }

    /** Takes charge of something that was started elsewhere. */
    stops(started: { stop(): Promise<void> }): void {
        this.cleanUp.add(() => started.stop());
    }

    async stop(): Promise<void> {
        await this.cleanUp.run();
    }

    private async secured(port: number): Promise<number> {
        const front = await Recorder.start(this.certificate, { url: `http://127.0.0.1:${port}` });
        this.stops(front);
        return front.port;
    }
}
