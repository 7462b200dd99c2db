import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { startApiServer } from "./apiServer";
import { allOrNone, CleanUp, stoppedBy } from "./cleanUp";
import { applyCustomResources, createLlmosNamespace } from "./customResources";
import { environmentOf } from "./environment";
import { startEtcd } from "./etcd";
import { type Folder, openFolder } from "./folder";
import { type ObjectStoreDetails, startObjectStore } from "./objectStore";
import { type Operator, startStandInOperator } from "./operator";
import { SandboxProblem } from "./problem";
import { findPrograms, type ProgramName, type Programs } from "./programs";
import { type Output, type Step, step } from "./progress";
import { RunningSandbox, type Sandbox } from "./running";
import { startStandInCluster } from "./standInCluster";

export { Authority } from "./certificates";
export { createUser, type ObjectStoreUser } from "./objectStore";
export type { Sandbox, ServerName } from "./running";

/** What the sandbox is to have. */
export interface SandboxOptions {
    /** An empty or new folder to work in, kept when the sandbox stops; by default a temporary one, removed then. */
    readonly folder?: string;
    /** Whether the cluster has the LLMOS custom resources; without them it is a cluster without LLMOS. Default true. */
    readonly customResources?: boolean;
    /** Whether the stand-in of the LLMOS operator runs. Default true, where there are custom resources. */
    readonly operator?: boolean;
    /** Whether there is an S3 server. Default true. */
    readonly objectStore?: boolean;
    /** Whether the Pulumi engine is found or built too. Default true. */
    readonly engine?: boolean;
    /** Is told each step. */
    readonly log?: (line: string) => void;
    /** Is told how far a step is, in a line that the next one replaces: for terminals. */
    readonly live?: ((line: string) => void) | undefined;
}

/** All that is needed to work with a sandbox; can be handed to another process as JSON. */
export interface SandboxDetails {
    readonly folder: string;
    readonly kubeconfigFile: string;
    readonly apiServerUrl: string;
    /** Empty strings when the sandbox was started without an object store. */
    readonly s3: ObjectStoreDetails;
    /** To be laid over the environment of a child process that runs `pulumi` or `kubectl`. */
    readonly environment: Readonly<Record<string, string>>;
    /** Where each program of the sandbox lies. */
    readonly programs: Readonly<Record<string, string>>;
}

const NO_OBJECT_STORE: ObjectStoreDetails = {
    endpoint: "",
    url: "",
    caFile: "",
    caBundle: "",
    region: "",
    accessKeyId: "",
    secretAccessKey: "",
};

/**
 * Starts a whole environment on this machine: a Kubernetes API server with the LLMOS custom resources, an S3 server
 * over HTTPS, a stand-in of the LLMOS operator, and the Pulumi engine. All of it listens on loopback only and ends
 * with this process, however that ends.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
    refuseWindows();
    const { objectStore = true, engine = true } = options;
    const output: Output = { log: options.log ?? (() => {}), live: options.live };
    const programs = await findPrograms(programNames(objectStore, engine), output);
    const folder = await openFolder(options.folder);
    const cleanUp = new CleanUp();
    if (folder.temporary) {
        cleanUp.add(() => rm(folder.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    }
    try {
        return await start(options, programs, folder, cleanUp, output);
    } catch (error) {
        await cleanUp.run();
        throw error;
    }
}

function programNames(objectStore: boolean, engine: boolean): ProgramName[] {
    return [
        "etcd",
        "kube-apiserver",
        ...(objectStore ? (["versitygw"] as const) : []),
        ...(engine ? (["pulumi", "pulumi-language-nodejs"] as const) : []),
    ];
}

async function start(
    options: SandboxOptions,
    programs: Programs,
    folder: Folder,
    cleanUp: CleanUp,
    output: Output,
): Promise<Sandbox> {
    const { customResources = true, operator = true, objectStore = true } = options;
    const place = (name: ProgramName) => ({
        program: programs[name]?.file ?? name,
        folder: folder.path,
        orphanedFolder: folder.temporary ? folder.path : undefined,
    });
    const [etcd, store] = await step(output, words("etcd", objectStore && "S3 server"), () =>
        allOrNone([
            startEtcd(place("etcd")).then(stoppedBy(cleanUp)),
            objectStore ? startObjectStore(place("versitygw")).then(stoppedBy(cleanUp)) : undefined,
        ]),
    );
    const apiServer = await step(output, words("Kubernetes API server"), () => {
        return startApiServer({ ...place("kube-apiserver"), etcd }).then(stoppedBy(cleanUp));
    });
    const { kubeconfigFile } = apiServer;
    const s3 = store?.details ?? NO_OBJECT_STORE;
    await createLlmosNamespace(kubeconfigFile);
    if (customResources) {
        await step(
            output,
            { doing: "applying the LLMOS custom resources", done: "LLMOS custom resources" },
            () => applyCustomResources(kubeconfigFile),
        );
    }
    const operating =
        customResources && operator
            ? await startOperator(kubeconfigFile, s3.caBundle, folder, cleanUp, output)
            : undefined;
    const details: SandboxDetails = {
        folder: folder.path,
        kubeconfigFile,
        apiServerUrl: apiServer.url,
        s3,
        environment: await environmentOf(folder.path, kubeconfigFile, programs),
        programs: Object.fromEntries(Object.entries(programs).map(([name, { file }]) => [name, file])),
    };
    const restartable = [apiServer, store, operating?.operator, operating?.webhooks];
    return new RunningSandbox(
        details,
        etcd.process,
        restartable.filter((each) => each !== undefined),
        cleanUp,
    );
}

/** The operator, and what a cluster does for it. */
async function startOperator(
    kubeconfigFile: string,
    s3CaBundle: string,
    folder: Folder,
    cleanUp: CleanUp,
    output: Output,
): Promise<Operator> {
    const clusterLog = openLog(join(folder.path, "stand-in-cluster.log"));
    cleanUp.add(() => clusterLog.close());
    const orphanedFolder = folder.temporary ? folder.path : undefined;
    const stopped = <Each extends { stop(): Promise<void> }>(each: Each) => {
        cleanUp.add(() => each.stop());
        return each;
    };
    const [operator] = await step(output, words("stand-in of the LLMOS operator"), () =>
        allOrNone([
            startStandInOperator({ kubeconfigFile, s3CaBundle, folder: folder.path, orphanedFolder }).then(
                stopped,
            ),
            startStandInCluster({ kubeconfigFile, log: clusterLog.write }).then(stopped),
        ]),
    );
    return operator;
}

function openLog(path: string): { write(line: string): void; close(): Promise<void> } {
    const file = createWriteStream(path, { mode: 0o600 });
    return {
        write: (line) => file.write(`${new Date().toISOString()} ${line}\n`),
        close: () => new Promise((ended) => file.end(ended)),
    };
}

function words(...names: (string | false)[]): Step {
    const list = names.filter(Boolean).join(" and ");
    return { doing: `starting ${list}`, done: list };
}

function refuseWindows(): void {
    if (process.platform === "win32") {
        throw new SandboxProblem({
            found: "the sandbox does not run on Windows",
            where: "this machine",
            why: "its servers are built and guarded with what Linux and macOS offer",
            next: "run it in WSL, the Windows Subsystem for Linux",
        });
    }
}
