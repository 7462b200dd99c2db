import { setMaxListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { type Cluster, connectCluster } from "../kubernetes/cluster";

/** What a process of the stand-in is started with, as JSON in its one argument. */
export interface ChildOptions {
    readonly kubeconfigFile: string;
    /** Holds the authorities of S3 servers that are trusted beside the well-known ones; empty for none. */
    readonly s3CaFile: string;
}

/** What a process of the stand-in works with. */
export interface Child<Options extends ChildOptions> {
    readonly options: Options;
    readonly cluster: Cluster;
    readonly s3CaBundle: string;
    readonly log: (line: string) => void;
    /** Comes when the process is asked to end. */
    readonly signal: AbortSignal;
}

/** In the log of a process: that it is ready. The sandbox looks for it. */
export function readyLine(pid: number | undefined): string {
    return `process ${pid} is ready`;
}

/** Runs a process of the stand-in: until it is asked to end, or its work has. */
export function runChild<Options extends ChildOptions>(work: (child: Child<Options>) => Promise<void>): void {
    const ending = new AbortController();
    // Every watch and every object that is just looked at listens.
    setMaxListeners(0, ending.signal);
    process.on("SIGTERM", () => ending.abort());
    const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);
    const run = async () => {
        const options: Options = JSON.parse(process.argv[2] ?? "{}");
        const s3CaBundle = options.s3CaFile === "" ? "" : await readFile(options.s3CaFile, "utf8");
        const cluster = await connectCluster(options.kubeconfigFile);
        await work({ options, cluster, s3CaBundle, log, signal: ending.signal });
    };
    run().then(
        () => process.exit(0),
        (error: Error) => {
            log(error.stack ?? error.message);
            process.exit(1);
        },
    );
}
