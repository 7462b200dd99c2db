/** The stack on which kills are played, and what is asserted about it. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Declared, Kill } from "./kills";
import { Outside } from "./outside";
import { descendants, processes, type Running, sendKill } from "./processes";
import { type EngineRun, Project, type StartedRun } from "./project";
import { Recorder } from "./recorder";
import { restart } from "./run/control";
import type { OwnCluster } from "./run/setup";

const PROGRAM = `
new llmos.Registry("kills", {
    name: values.name,
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: values.bucket },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: [values.origin] },
    default: true,
    timeouts: { settleSeconds: 1 },
});
`;

const DEFAULT = "ml.llmos.ai/is-default-registry";
const OBJECT = "llama/weights.bin";

/** A stack that is hit by one kill after another, and made whole again after each. */
export class Scene {
    private declared: Declared = {
        name: "kills-1",
        bucket: "kills-bucket-1",
        description: "text 1",
        origin: "https://1.example.com",
    };
    private generation = 1;
    private isUp = false;
    private isWhole = true;
    /** What a killed command had started. */
    private left: Running[] = [];

    private constructor(
        private readonly sandbox: OwnCluster,
        private readonly s3: Recorder,
        private readonly cluster: Recorder,
        private readonly outside: Outside,
        private readonly project: Project,
    ) {}

    static async open(sandbox: OwnCluster): Promise<Scene> {
        const s3 = await Recorder.beforeS3(sandbox);
        const { recorder: cluster, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
        const project = await Project.create(sandbox, {
            program: PROGRAM,
            config: { "llmos:caBundle": caBundle, "llmos:kubeconfig": kubeconfig },
            secrets: [accessKeyId, secretAccessKey],
        });
        return new Scene(sandbox, s3, cluster, await Outside.of(sandbox), project);
    }

    async close(): Promise<void> {
        this.endLeft();
        await this.project.remove();
        await this.s3.stop();
        await this.cluster.stop();
        this.outside.s3.destroy();
    }

    /** One seed: prepares, kills, recovers as the engine tells a user to, and asserts. Gives a line about it. */
    async play(kill: Kill): Promise<string> {
        const started = Date.now();
        await this.prepare(kill);
        this.isWhole = false;
        const { run, killed, requests } = await this.strike(kill);
        const steps = await this.recover(kill, run);
        await this.expectWhole(kill);
        this.isWhole = true;
        this.endLeft();
        const what = killed ? `${kill.victim} killed` : `${kill.victim} outlived it`;
        const moment = `after ${kill.requests} of ${requests} requests and ${kill.milliseconds} ms`;
        const seconds = Math.round((Date.now() - started) / 1_000);
        return `seed ${kill.seed}: ${kill.command}, ${what} ${moment} (exit code ${run.exitCode}), whole by ${steps.join(", ")} (${seconds} s)`;
    }

    /** Takes everything down, and asserts that nothing is left. */
    async takeDown(): Promise<void> {
        await this.empty();
        await succeed(this.project.destroy());
        this.isUp = false;
        expect(await this.outside.named("kills")).toEqual({ registries: [], secrets: [], buckets: [] });
        expect(await this.project.resources(), "nothing in the state either").toEqual(new Map());
    }

    /** What an engine had started lives on when it is killed. It may do its worst until here. */
    private endLeft(): void {
        const running = new Map(processes().map(({ pid, args }) => [pid, args]));
        for (const { pid, args } of this.left.splice(0)) {
            if (running.get(pid) === args) {
                sendKill(pid);
            }
        }
    }

    private async prepare(kill: Kill): Promise<void> {
        if (!this.isWhole) {
            await this.startOver();
        }
        if (kill.command === "up") {
            await this.declare(["description"]);
            if (this.isUp) {
                await this.takeDown();
            }
        } else {
            if (!this.isUp) {
                await this.declare(["description"]);
                await succeed(this.project.up());
                this.isUp = true;
            }
            await (kill.filled ? this.outside.put(this.declared.bucket, OBJECT) : this.empty());
        }
    }

    /** After a seed that failed, so that the next one is not to blame for it. */
    private async startOver(): Promise<void> {
        this.endLeft();
        await this.project.pulumi("cancel", "--yes");
        await this.project.refresh("--clear-pending-creates");
        await this.project.up();
        await this.takeDown();
    }

    private async empty(): Promise<void> {
        const { buckets } = await this.outside.named("kills");
        for (const bucket of buckets) {
            await this.outside.remove(bucket, OBJECT);
        }
    }

    /** Declares something new for each of these arguments. */
    private async declare(changes: readonly (keyof Declared)[]): Promise<void> {
        this.generation += 1;
        const value = {
            name: `kills-${this.generation}`,
            bucket: `kills-bucket-${this.generation}`,
            description: `text ${this.generation}`,
            origin: `https://${this.generation}.example.com`,
        };
        this.declared = {
            ...this.declared,
            ...Object.fromEntries(changes.map((name) => [name, value[name]])),
        };
        const { accessKeyId, secretAccessKey } = this.sandbox.s3;
        const endpoint = `localhost:${this.s3.port}`;
        await this.project.setValues({ ...this.declared, endpoint, accessKeyId, secretAccessKey });
    }

    /** Runs the command and ends the victim at the moment. */
    private async strike(kill: Kill): Promise<{ run: EngineRun; killed: boolean; requests: number }> {
        if (kill.command === "change") {
            await this.declare(kill.changes);
        }
        const name = kill.command === "change" ? "up" : kill.command;
        const before = this.asked();
        const started = this.project.start([name, "--yes", "--skip-preview"]);
        let over = false;
        const ended = started.ended.finally(() => {
            over = true;
        });
        while (!over && this.asked() - before < kill.requests) {
            await sleep(1);
        }
        await sleep(kill.milliseconds);
        const family = descendants(started.pid);
        const inTime = !over;
        const killed = await this.end(kill, started, () => over);
        const run = await ended;
        this.left = family;
        this.project.scan(run.output, `output of seed ${kill.seed}`);
        return { run, killed: killed && inTime, requests: this.asked() - before };
    }

    private asked(): number {
        return this.s3.requests.length + this.cluster.requests.length;
    }

    /** Ends the victim; false when it was not there any more. */
    private async end(kill: Kill, started: StartedRun, over: () => boolean): Promise<boolean> {
        if (kill.victim === "kube-apiserver" || kill.victim === "versitygw") {
            await restart(this.sandbox.control, kill.victim, kill.downFor);
            return true;
        }
        if (kill.victim === "engine") {
            return !over() && sendKill(started.pid);
        }
        for (;;) {
            const provider = descendants(started.pid).find(({ args }) =>
                /\bnode\b.*dynamic-provider/.test(args),
            );
            if (provider) {
                return sendKill(provider.pid);
            }
            if (over()) {
                return false;
            }
            await sleep(10);
        }
    }

    /**
     * What the engine demands of a user, then `up`, once. A lock that was left asks for `cancel`; operations that were
     * interrupted for `refresh`, "interactively" (or with this flag) for creates. A destroy that failed or was
     * interrupted has deleted what the state still holds, and a plain `up` does not look: that too is for `refresh`.
     */
    private async recover(kill: Kill, run: EngineRun): Promise<string[]> {
        const steps: string[] = [];
        const step = async (...args: string[]) => {
            steps.push(args.join(" "));
            const { exitCode, output } = await this.project.pulumi(...args, "--yes");
            expect(exitCode, `The killed command:\n${run.output}\nThe ${args[0]} after it:\n${output}`).toBe(
                0,
            );
        };
        if (kill.victim === "engine" && run.exitCode !== 0) {
            await step("cancel");
        }
        const state = await this.project.exportState();
        const pending = /"pending_operations": \[/.test(state);
        if (pending || (kill.command === "destroy" && run.exitCode !== 0)) {
            await step("refresh", "--skip-preview", "--clear-pending-creates");
        }
        await step("up", "--skip-preview");
        this.isUp = true;
        return steps.map((each) => each.replace(" --skip-preview", ""));
    }

    private async expectWhole(kill: Kill): Promise<void> {
        const { name, bucket, description, origin } = this.declared;
        const whole = { registries: [name], secrets: [`${name}-credentials`], buckets: [bucket] };
        expect(await this.outside.named("kills"), "one of each").toEqual(whole);
        const { metadata, spec, status } = await this.outside.registry(name);
        expect(metadata.annotations[DEFAULT]).toBe("true");
        expect(metadata.annotations["field.llmos.ai/description"]).toBe(description);
        expect(spec.s3Config.bucket).toBe(bucket);
        expect(status.conditions[0].status).toBe("True");
        expect(await this.outside.origins(bucket)).toEqual([origin]);
        const kept = kill.filled && kill.command !== "up" ? [OBJECT] : [];
        expect(await this.outside.objects(bucket), "nothing lost, nothing left over").toEqual(kept);
        await succeed(this.project.up("--expect-no-changes"));
    }
}

async function succeed(running: Promise<EngineRun>): Promise<void> {
    const { exitCode, output } = await running;
    expect(exitCode, output).toBe(0);
}
