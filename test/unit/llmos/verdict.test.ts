import { beforeEach, describe, expect, it } from "vitest";
import { LlmosError, describe as told } from "../../../provider/finding";
import type { Cluster, WatchEvent } from "../../../provider/kubernetes/cluster";
import type { Condition, RegistryResource } from "../../../provider/llmos/objects";
import { registrySubject, VerdictWatch, verdictFindings } from "../../../provider/llmos/verdict";
import { absent, present } from "../../../provider/reading";
import { FakeClock } from "../../support/fakeClock";

/** The cluster as far as the verdict needs it: one Registry, and those who watch it. */
class FakeCluster {
    readonly server = "https://cluster.example.com:6443";
    current: RegistryResource | undefined = {
        metadata: { name: "models", uid: "u1", resourceVersion: "10" },
    };
    private watchers: { onEvent(event: WatchEvent<RegistryResource>): void; onEnd(): void }[] = [];
    watchesOpened = 0;
    watchesStopped = 0;
    refusals = 0;

    async read(path: string) {
        expect(path).toBe("/apis/ml.llmos.ai/v1/registries/models");
        return this.current ? present(this.current) : absent;
    }

    async watch(
        collection: string,
        name: string,
        onEvent: (event: WatchEvent<RegistryResource>) => void,
        onEnd: () => void,
    ) {
        expect([collection, name]).toEqual(["/apis/ml.llmos.ai/v1/registries", "models"]);
        if (this.refusals > 0) {
            this.refusals -= 1;
            throw new Error("the API server is away");
        }
        this.watchesOpened += 1;
        this.watchers.push({ onEvent, onEnd });
        if (this.current) {
            onEvent({ type: "ADDED", object: this.current });
        }
        return { stop: () => (this.watchesStopped += 1) };
    }

    /** The operator writes a condition; with `quietly`, the event is still on its way. */
    says(status: string, message = "", quietly = false): void {
        const version = Number(this.current?.metadata.resourceVersion) + 1;
        this.current = object(version, { status, message });
        if (!quietly) {
            this.send({ type: "MODIFIED", object: this.current });
        }
    }

    send(event: WatchEvent<RegistryResource>): void {
        for (const { onEvent } of this.watchers) {
            onEvent(event);
        }
    }

    remove(): void {
        const gone = this.current as RegistryResource;
        this.current = undefined;
        this.send({ type: "DELETED", object: gone });
    }

    endWatches(): void {
        for (const { onEnd } of this.watchers.splice(0)) {
            onEnd();
        }
    }
}

function object(version: number, condition?: { status: string; message?: string }): RegistryResource {
    return {
        metadata: { name: "models", uid: "u1", resourceVersion: String(version) },
        ...(condition && {
            status: { conditions: [{ type: "accessible", lastUpdateTime: `time-${version}`, ...condition }] },
        }),
    };
}

const PATIENCE = { verdictMs: 60_000, graceMs: 5_000, settleMs: 3_000 };
const TRUE_BEFORE: Condition = { type: "accessible", status: "True", lastUpdateTime: "time-10" };

let clock: FakeClock;
let cluster: FakeCluster;
let lines: string[];
let interruption: AbortController;
let watch: VerdictWatch<RegistryResource>;

/** Runs a script of moments, and gives what came out and when. */
async function judge(before: Condition | undefined, script: Record<number, () => void>) {
    for (const [at, act] of Object.entries(script)) {
        clock.at(Number(at), act);
    }
    const written = cluster.current as RegistryResource;
    try {
        const { evidence } = await clock.run(watch.verdict(written, before, PATIENCE));
        return { evidence, at: clock.now() };
    } catch (error) {
        if (!(error instanceof LlmosError)) {
            throw error;
        }
        return { code: error.finding.code, found: error.finding.found, at: clock.now() };
    }
}

beforeEach(async () => {
    clock = new FakeClock();
    cluster = new FakeCluster();
    lines = [];
    interruption = new AbortController();
    watch = await VerdictWatch.open(
        cluster as unknown as Cluster,
        registrySubject(cluster as unknown as Cluster, "models"),
        {
            clock,
            log: { info: async (line) => void lines.push(line), warn: async () => {} },
            interruption: interruption.signal,
        },
    );
});

describe("a registry without a verdict", () => {
    it("is done as soon as the operator says True", async () => {
        expect(await judge(undefined, { 700: () => cluster.says("True") })).toEqual({
            evidence: "fresh",
            at: 700,
        });
    });

    it("fails with the operator's own message when False lasts past the grace", async () => {
        expect(
            await judge(undefined, { 700: () => cluster.says("False", "bucket models does not exist") }),
        ).toEqual({
            code: "registry-inactive",
            found: "The LLMOS operator cannot use the registry. It says: bucket models does not exist",
            at: 5_700,
        });
    });

    it("is done when False turns True within the grace", async () => {
        const script = { 700: () => cluster.says("False", "no secret"), 5600: () => cluster.says("True") };
        expect(await judge(undefined, script)).toEqual({ evidence: "fresh", at: 5_600 });
    });

    it("fails when the operator says nothing", async () => {
        expect(await judge(undefined, {})).toEqual({
            code: "verdict-missing",
            found: "The LLMOS operator gave no verdict within 60 s",
            at: 60_000,
        });
    });

    it("is asked for once more when time is up", async () => {
        expect(await judge(undefined, { 900: () => cluster.says("True", "", true) })).toEqual({
            evidence: "fresh",
            at: 60_000,
        });
    });

    it("fails at once when it is deleted meanwhile", async () => {
        expect(await judge(undefined, { 700: () => cluster.remove() })).toEqual({
            code: "registry-missing",
            found: 'The Registry "models" was deleted by someone else while its verdict was awaited',
            at: 700,
        });
    });

    it("fails as deleted when the watch was just then ended", async () => {
        const script = { 700: () => cluster.endWatches(), 800: () => cluster.remove() };
        expect(await judge(undefined, script)).toMatchObject({
            code: "registry-missing",
            found: 'The Registry "models" was deleted by someone else while its verdict was awaited',
        });
    });

    it("is not judged by what only says how far the watch is", async () => {
        const script = {
            600: () => cluster.send({ type: "BOOKMARK", object: object(99) }),
            700: () => cluster.says("True"),
        };
        expect(await judge(undefined, script)).toEqual({ evidence: "fresh", at: 700 });
    });

    it("is not judged by the end of another one of its name", async () => {
        const stranger = { metadata: { name: "models", uid: "u0", resourceVersion: "9" } };
        const script = {
            600: () => cluster.send({ type: "DELETED", object: stranger }),
            700: () => cluster.says("True"),
        };
        expect(await judge(undefined, script)).toEqual({ evidence: "fresh", at: 700 });
    });
});

it("a registry that was False is given the grace to turn", async () => {
    cluster.says("False", "no secret");
    const before: Condition = { type: "accessible", status: "False", lastUpdateTime: "time-11" };
    expect(await judge(before, { 4900: () => cluster.says("True") })).toEqual({
        evidence: "fresh",
        at: 4_900,
    });
});

describe("a registry that was True before the write", () => {
    beforeEach(() => cluster.says("True"));

    it("and does not turn is unchanged, when it has settled", async () => {
        const before: Condition = { ...TRUE_BEFORE, lastUpdateTime: "time-11" };
        expect(await judge(before, {})).toEqual({ evidence: "unchanged", at: 3_000 });
    });

    it("and is found True anew is fresh", async () => {
        const before: Condition = { ...TRUE_BEFORE, lastUpdateTime: "time-11" };
        expect(await judge(before, { 100: () => cluster.says("True") })).toEqual({
            evidence: "fresh",
            at: 3_000,
        });
    });

    it("and turns False fails with the operator's message", async () => {
        expect(await judge(TRUE_BEFORE, { 100: () => cluster.says("False", "Access Denied.") })).toEqual({
            code: "registry-inactive",
            found: "The LLMOS operator cannot use the registry. It says: Access Denied.",
            at: 5_100,
        });
    });

    it("and turns False unseen, its event still on its way, fails", async () => {
        const script = { 2999: () => cluster.says("False", "Access Denied.", true) };
        expect(await judge(TRUE_BEFORE, script)).toMatchObject({ code: "registry-inactive" });
    });

    it("and turns False and back is done", async () => {
        const script = { 100: () => cluster.says("False", "x"), 900: () => cluster.says("True") };
        expect(await judge(TRUE_BEFORE, script)).toEqual({ evidence: "fresh", at: 900 });
    });

    it("is not judged by an event from before the write", async () => {
        const before: Condition = { ...TRUE_BEFORE, lastUpdateTime: "time-11" };
        const stale = object(9, { status: "False", message: "long ago" });
        expect(await judge(before, { 100: () => cluster.send({ type: "MODIFIED", object: stale }) })).toEqual(
            {
                evidence: "unchanged",
                at: 3_000,
            },
        );
    });

    it("and has no verdict any more waits for the next one", async () => {
        const forget = () => {
            cluster.current = object(12);
            cluster.send({ type: "MODIFIED", object: cluster.current });
        };
        expect(await judge(TRUE_BEFORE, { 100: forget, 900: () => cluster.says("True") })).toEqual({
            evidence: "fresh",
            at: 900,
        });
        expect(await judge(TRUE_BEFORE, { 1000: forget })).toMatchObject({ code: "verdict-missing" });
    });

    it("and is deleted meanwhile fails", async () => {
        expect(await judge(TRUE_BEFORE, { 100: () => cluster.remove() })).toMatchObject({
            code: "registry-missing",
            at: 100,
        });
    });
});

describe("a wait", () => {
    it("shows a line every ten seconds, with what the operator says", async () => {
        await judge(undefined, { 12000: () => cluster.says("False", "no secret") });
        cluster.says("False", "no secret");
        await clock.run(
            watch
                .verdict(cluster.current as RegistryResource, undefined, { ...PATIENCE, graceMs: 15_000 })
                .catch(() => {}),
        );
        const what = 'Registry "models": waiting until the LLMOS operator finds it accessible';
        expect(lines).toEqual([
            `${what} (no verdict yet), 10 s.`,
            `${what} (accessible=False, no secret), 10 s.`,
        ]);
    });

    it("that is interrupted ends at once, and says how long it was", async () => {
        expect(await judge(undefined, { 12000: () => interruption.abort() })).toEqual({
            code: "verdict-missing",
            found: "The LLMOS operator gave no verdict within 12 s (then the run was interrupted)",
            at: 12_000,
        });
    });

    it("that is interrupted before an old True has settled is no proof", async () => {
        cluster.says("True");
        const before: Condition = { ...TRUE_BEFORE, lastUpdateTime: "time-11" };
        expect(await judge(before, { 1000: () => interruption.abort() })).toMatchObject({
            code: "verdict-missing",
            at: 1_000,
        });
    });
});

describe("the watch", () => {
    it("is opened anew when the server ends it, and begins with what is there", async () => {
        const script = {
            700: () => cluster.endWatches(),
            800: () => cluster.says("True"),
        };
        expect(await judge(undefined, script)).toEqual({ evidence: "fresh", at: 1_200 });
        expect(cluster.watchesOpened).toBe(2);
    });

    it("is opened anew until the server lets it", async () => {
        const script = {
            700: () => {
                cluster.refusals = 3;
                cluster.endWatches();
            },
            800: () => cluster.says("True"),
        };
        expect(await judge(undefined, script)).toEqual({ evidence: "fresh", at: 2_700 });
    });

    it("is not opened anew once it has been stopped", async () => {
        watch.stop();
        cluster.endWatches();
        await clock.run(clock.sleep(10_000));
        expect([cluster.watchesOpened, cluster.watchesStopped]).toEqual([1, 1]);
    });
});

it("a watch that is stopped while it waits to be opened anew stays closed", async () => {
    cluster.endWatches();
    clock.at(100, () => watch.stop());
    await clock.run(clock.sleep(10_000));
    expect(cluster.watchesOpened).toBe(1);
});

it("a Registry is Active when its verdict is True, and there is a finding on every other", () => {
    const at = cluster as unknown as Cluster;
    expect(verdictFindings(at, object(1, { status: "True" }))).toEqual([]);
    const codes = [object(1), object(1, { status: "False" }), object(1, { status: "Unknown" })].map((each) =>
        verdictFindings(at, each).map(({ code }) => code),
    );
    expect(codes).toEqual([["registry-inactive"], ["registry-inactive"], ["registry-inactive"]]);
});

/** What a person reads: a change of words shows in this file. */
it("the words of each bad end", async () => {
    const at = cluster as unknown as Cluster;
    const subject = registrySubject(at, "models");
    const refusedAs = (condition?: { status: string; message?: string }) =>
        subject.refused(object(7, condition), { outcome: "over", seconds: 60 }).finding;
    const findings = [
        refusedAs(),
        refusedAs({ status: "False", message: "Access Denied." }),
        subject.vanished().finding,
        ...verdictFindings(at, object(7)),
    ];
    const words = findings.map((finding) => `# ${finding.code}\n${told(finding)}\n`);
    await expect(words.join("\n")).toMatchFileSnapshot("verdict.words.txt");
});

it("a failure says where, and since when", async () => {
    clock.at(100, () => cluster.says("False", "no"));
    const verdict = watch.verdict(cluster.current as RegistryResource, undefined, PATIENCE);
    await expect(clock.run(verdict)).rejects.toMatchObject({
        finding: {
            where: "https://cluster.example.com:6443, Registry models, condition accessible=False since time-11",
        },
    });
});
