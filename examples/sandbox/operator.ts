/**
 * A STAND-IN for the LLMOS operator (llmos-ai/llmos-operator @ f29d5b9), for Registries, Models, Datasets and
 * DatasetVersions, and for the webhooks of these and of local models. It is not the operator and holds none of its
 * code: it does what the real one was seen to do when it was run against a real API server, and what its source says
 * where it was not run, to the word of its messages. test/integration/operatorStandIn*.test.ts hold it to that.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Authority, writeCertificate } from "./certificates";
import { allOrNone } from "./cleanUp";
import { GuardedProcess } from "./guardedProcess";
import type { WebhookOptions } from "./operator/admission/main";
import { type ChildOptions, readyLine } from "./operator/childProcess";
import { freePorts, withFreshPorts } from "./ports";

const START_TIMEOUT = 60_000;
/** Where `tsx` is found, with which the processes read TypeScript. */
const ROOT = join(__dirname, "../..");

/** What the stand-in needs to start. */
export interface OperatorOptions {
    /** For logs and certificates. */
    readonly folder: string;
    readonly kubeconfigFile: string;
    /** PEM content of authorities to trust beside the well-known ones, as if they were installed on every node. */
    readonly s3CaBundle: string;
    /** Removed when this process ends without stopping the stand-in. */
    readonly orphanedFolder?: string | undefined;
}

/** A process of the stand-in, which can end and be started again. */
export interface OperatorProcess {
    process: GuardedProcess;
    /** Starts it anew after it has ended; settles when it is ready. */
    start(): Promise<GuardedProcess>;
}

/** A running stand-in: two processes, as in the real cluster. */
export interface Operator {
    readonly operator: OperatorProcess;
    readonly webhooks: OperatorProcess;
    stop(): Promise<void>;
}

/** Starts the stand-in for a cluster that has the custom resources; settles when it works and its webhooks are in effect. */
export async function startStandInOperator(options: OperatorOptions): Promise<Operator> {
    const folder = join(options.folder, "operator");
    await mkdir(folder, { mode: 0o700, recursive: true });
    const s3CaFile = join(folder, "s3-ca.crt");
    await writeFile(s3CaFile, options.s3CaBundle);
    const shared = { kubeconfigFile: options.kubeconfigFile, s3CaFile };
    const starts = [startOperator(options, shared), startWebhooks(options, shared, folder)] as const;
    try {
        const [operator, webhooks] = await allOrNone(starts);
        return {
            operator,
            webhooks,
            stop: async () => {
                await Promise.all([operator.process.stop(), webhooks.process.stop()]);
            },
        };
    } catch (error) {
        const started = await Promise.allSettled(starts);
        await Promise.all(started.map((one) => one.status === "fulfilled" && one.value.process.stop()));
        throw error;
    }
}

function startOperator(options: OperatorOptions, shared: ChildOptions): Promise<OperatorProcess> {
    return startChild("stand-in-operator", "operator/main.ts", options, shared);
}

async function startWebhooks(
    options: OperatorOptions,
    shared: ChildOptions,
    folder: string,
): Promise<OperatorProcess> {
    const authority = await Authority.create("sandbox webhooks");
    const server = await authority.server({ hosts: ["127.0.0.1"] });
    const files = await writeCertificate(folder, "webhooks", server);
    const { certificateFile: caFile } = await writeCertificate(folder, "webhooks-ca", {
        certificate: authority.certificate,
        key: "",
    });
    return withFreshPorts(async () => {
        const [port = 0] = await freePorts(1);
        const own: WebhookOptions = { ...shared, ...files, caFile, port };
        return startChild("stand-in-webhooks", "operator/admission/main.ts", options, own);
    });
}

async function startChild(
    name: string,
    main: string,
    { folder, orphanedFolder }: OperatorOptions,
    options: ChildOptions,
): Promise<OperatorProcess> {
    const logFile = join(folder, `${name}.log`);
    const guarded = {
        name,
        program: process.execPath,
        args: ["--require", "tsx/cjs", join(__dirname, main), JSON.stringify(options)],
        cwd: ROOT,
        logFile,
        orphanedFolder,
    };
    const start = async () => {
        const started = GuardedProcess.start(guarded);
        try {
            const isReady = async () => (await readFile(logFile, "utf8")).includes(readyLine(started.pid));
            await started.waitUntilReady(isReady, START_TIMEOUT);
            return started;
        } catch (error) {
            await started.stop();
            throw error;
        }
    };
    return { process: await start(), start };
}
