import { setTimeout as sleep } from "node:timers/promises";
import type { CleanUp } from "./cleanUp";
import type { GuardedProcess } from "./guardedProcess";
import type { SandboxDetails } from "./index";
import type { SandboxProblem } from "./problem";

/** A server that can be ended and started again while the rest goes on. */
export type ServerName = "kube-apiserver" | "versitygw" | "stand-in-operator" | "stand-in-webhooks";

/** A server, and how it is started on the same port with the same data after it has ended. */
export interface Restartable {
    process: GuardedProcess;
    start(): Promise<GuardedProcess>;
}

/** A running sandbox. */
export interface Sandbox extends SandboxDetails {
    /** Process ids of the servers as they were started first, by name. */
    readonly processes: Readonly<Record<string, number>>;
    /** Settles, with what to tell, when a server ends although nobody stopped it. */
    readonly died: Promise<SandboxProblem>;
    /** Ends a server as a crash would. */
    kill(name: ServerName): Promise<void>;
    /** Ends a server in good order: it is asked to. */
    end(name: ServerName): Promise<void>;
    /**
     * Starts a server that has ended, on the same port with the same data; settles when it is ready. An operator that
     * follows one that was killed waits for the lease of that one first.
     */
    start(name: ServerName): Promise<void>;
    /** Ends a server as a crash would, and starts it again after so many milliseconds. */
    restart(name: ServerName, downFor: number): Promise<void>;
    /** Stops everything, and removes the sandbox's own folder. Can be called again. */
    stop(): Promise<void>;
}

/** A sandbox whose own enumerable properties are its details, so that these can be handed to another process. */
export class RunningSandbox implements Sandbox {
    readonly folder: string;
    readonly kubeconfigFile: string;
    readonly apiServerUrl: string;
    readonly s3: SandboxDetails["s3"];
    readonly environment: SandboxDetails["environment"];
    readonly programs: SandboxDetails["programs"];
    readonly processes: Readonly<Record<string, number>>;
    readonly died: Promise<SandboxProblem>;
    readonly #restartable: readonly Restartable[];
    readonly #cleanUp: CleanUp;

    constructor(
        details: SandboxDetails,
        etcd: GuardedProcess,
        restartable: readonly Restartable[],
        cleanUp: CleanUp,
    ) {
        this.folder = details.folder;
        this.kubeconfigFile = details.kubeconfigFile;
        this.apiServerUrl = details.apiServerUrl;
        this.s3 = details.s3;
        this.environment = details.environment;
        this.programs = details.programs;
        const servers = [etcd, ...restartable.map((each) => each.process)];
        this.processes = Object.fromEntries(servers.map((server) => [server.name, server.pid ?? 0]));
        this.died = Promise.race(servers.map((server) => server.died));
        this.#restartable = restartable;
        this.#cleanUp = cleanUp;
    }

    kill(name: ServerName): Promise<void> {
        return this.server(name).process.kill();
    }

    end(name: ServerName): Promise<void> {
        return this.server(name).process.stop();
    }

    async start(name: ServerName): Promise<void> {
        const server = this.server(name);
        server.process = await server.start();
    }

    async restart(name: ServerName, downFor: number): Promise<void> {
        await this.kill(name);
        await sleep(downFor);
        await this.start(name);
    }

    stop(): Promise<void> {
        return this.#cleanUp.run();
    }

    private server(name: ServerName): Restartable {
        const found = this.#restartable.find((each) => each.process.name === name);
        if (!found) throw new Error(`this sandbox has no ${name}`);
        return found;
    }
}
