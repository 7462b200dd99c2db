import { X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerCertificate } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Authority, type ServerOptions } from "../../examples/sandbox/certificates";
import { ApiFailure } from "../../examples/sandbox/kubernetes/apiClient";
import type { ObjectClient } from "../../examples/sandbox/kubernetes/cluster";
import { runAll } from "../../examples/sandbox/kubernetes/controller";
import { ObjectCache } from "../../examples/sandbox/kubernetes/objectCache";
import type { KubernetesObject } from "../../examples/sandbox/kubernetes/objects";
import { retryDelay, WorkQueue } from "../../examples/sandbox/kubernetes/workQueue";
import { Election, type Lease } from "../../examples/sandbox/operator/election";
import { certificateMessage } from "../../examples/sandbox/operator/goErrors";
import type { LlmosObject } from "../../examples/sandbox/operator/objects";
import { reconciling } from "../../examples/sandbox/operator/reconciler";
import { inTries, isPassing } from "../../examples/sandbox/operator/tries";

describe("retryDelay", () => {
    // Seen: milliseconds that double to 30 s, then 2 min after about 30 failures.
    it.each([
        [0, 5],
        [1, 10],
        [12, 20_480],
        [13, 30_000],
        [29, 30_000],
        [30, 120_000],
        [1000, 120_000],
    ])("after %i earlier failures is %i ms", (failures, delay) => {
        expect(retryDelay(failures)).toBe(delay);
    });
});

describe("WorkQueue", () => {
    it("works on five keys at a time, and never on one twice at a time", async () => {
        const working: string[] = [];
        let most = 0;
        let done = 0;
        const queue = new WorkQueue(async (key) => {
            expect(working).not.toContain(key);
            working.push(key);
            most = Math.max(most, working.length);
            await sleep(20);
            working.splice(working.indexOf(key), 1);
            done += 1;
            return true;
        }, 5);
        for (const key of "abcdefgh") queue.add(key);
        queue.add("a");
        queue.add("h");
        await expect.poll(() => done).toBe(9);
        expect(most).toBe(5);
        queue.stop();
    });

    it("tries a failed key again by itself until it is stopped", async () => {
        let tries = 0;
        const queue = new WorkQueue(async () => {
            tries += 1;
            throw new Error("no");
        }, 1);
        queue.add("a");
        await expect.poll(() => tries).toBeGreaterThan(3);
        queue.stop();
        const before = tries;
        await sleep(200);
        expect(tries).toBe(before);
    });
});

describe("ObjectCache", () => {
    it("outlives failures of the API server, and tells only of what changed meanwhile", async () => {
        const lists = [["a1", "b1", "c1"], new Error("refused"), ["a1", "b2", "d1"]];
        const told: string[] = [];
        const ending = new AbortController();
        const client: Pick<ObjectClient<KubernetesObject>, "plural" | "list" | "watch"> = {
            plural: "registries",
            list: async () => {
                const next = lists.shift();
                if (next instanceof Error) throw next;
                return { items: (next ?? []).map(object), resourceVersion: "1" };
            },
            watch: async (_from, onEvent) => {
                if (lists.length > 0) return;
                onEvent("MODIFIED", object("a2"));
                onEvent("DELETED", object("b2"));
                onEvent("ERROR", { kind: "Status", code: 410 } as unknown as KubernetesObject);
                ending.abort();
            },
        };
        const cache = new ObjectCache(
            client,
            (name) => told.push(name),
            () => {},
            ending.signal,
        );
        await cache.follow();
        await cache.synced;
        expect(told).toEqual(["a", "b", "c", "b", "d", "a"]);
        expect(["a", "b", "c", "d"].map((name) => cache.get(name)?.metadata.resourceVersion)).toEqual([
            "2",
            undefined,
            undefined,
            "1",
        ]);
    });
});

describe("an ObjectCache that is late", () => {
    it("shows a change as late as it is told to", async () => {
        const ending = new AbortController();
        const client: Pick<ObjectClient<KubernetesObject>, "plural" | "list" | "watch"> = {
            plural: "registries",
            list: async () => ({ items: [object("a1")], resourceVersion: "1" }),
            watch: async (_from, onEvent) => {
                onEvent("ADDED", object("b1"));
                onEvent("DELETED", object("a1"));
                await sleep(300);
                ending.abort();
            },
        };
        const lateness = ({ metadata }: KubernetesObject) => (metadata.name === "a" ? 100 : 0);
        const cache = new ObjectCache(
            client,
            () => {},
            () => {},
            ending.signal,
            lateness,
        );
        const followed = cache.follow();
        await expect.poll(() => cache.get("b"), { interval: 1 }).toBeDefined();
        expect(cache.get("a")).toBeDefined();
        await followed;
        expect(cache.get("a")).toBeUndefined();
    });
});

describe("the finalizer of an object", () => {
    const finalizer = "wrangler.cattle.io/model.OnRemove";

    /** What is written of a model without a finalizer, while it is being looked at and after that. */
    async function writesOf(status: LlmosObject["status"]): Promise<{ during: string[]; after: string[] }> {
        const ending = new AbortController();
        const writes: string[] = [];
        const write = (what: string) => async (model: LlmosObject) => {
            writes.push(what);
            return model;
        };
        const client = {
            plural: "models",
            list: async () => ({ items: [{ ...object("a1"), status }], resourceVersion: "1" }),
            watch: () => new Promise((ended) => ending.signal.addEventListener("abort", ended)),
            write: write("finalizer"),
            writeStatus: write("status"),
        } as unknown as ObjectClient<LlmosObject>;
        let endLook = () => {};
        const looking = new Promise<void>((ended) => {
            endLook = ended;
        });
        const handler = {
            async onChange() {
                await looking;
                return { status: { conditions: [{ type: "ready", status: "True" }] } };
            },
            removal: { finalizer, onRemove: async () => {} },
        };
        const surroundings = { log: () => {}, signal: ending.signal };
        const running = runAll([reconciling(client, handler, surroundings)]);
        await sleep(50);
        const during = [...writes];
        endLook();
        await sleep(50);
        ending.abort();
        await running;
        return { during, after: writes.slice(during.length) };
    }

    it("is put on after the status when the object is looked at first", async () => {
        expect(await writesOf(undefined)).toEqual({ during: [], after: ["status", "finalizer"] });
    });

    it("is back before an object that was found good is looked at to the end", async () => {
        const status = { conditions: [{ type: "ready", status: "True" }] };
        expect(await writesOf(status)).toEqual({ during: ["finalizer"], after: [] });
    });
});

describe("the tries of a request", () => {
    afterEach(() => {
        vi.restoreAllMocks();
    });

    async function triesOf(passes: boolean): Promise<number> {
        // No time goes by between them.
        vi.spyOn(Math, "random").mockReturnValue(0);
        let tries = 0;
        const failing = async () => {
            tries += 1;
            throw new Error(`try ${tries}`);
        };
        const done = inTries(failing, () => passes, new AbortController().signal);
        await expect(done).rejects.toThrow(`try ${passes ? 10 : 1}`);
        return tries;
    }

    it("are ten for what passes, and one for what lasts", async () => {
        expect([await triesOf(true), await triesOf(false)]).toEqual([10, 1]);
    });

    it.each([
        ["InternalError", 500, true],
        ["500 Internal Server Error", 500, true],
        ["SlowDown", undefined, true],
        ["ServiceUnavailable", undefined, false],
        ["ServiceUnavailable", 503, true],
        ["NoSuchKey", 404, false],
    ])("of an answer %s (%s): %s", (code, status, passes) => {
        expect(isPassing(code, status)).toBe(passes);
    });
});

describe("the election of an operator", () => {
    /** A lease as an API server keeps it: a write of what has changed meanwhile is refused. */
    function leases() {
        let stored: Lease | undefined;
        const keep = async (lease: Lease) => {
            if (stored && lease.metadata.resourceVersion !== stored.metadata.resourceVersion) {
                throw new ApiFailure("conflict", 409);
            }
            const version = Number(stored?.metadata.resourceVersion ?? 0) + 1;
            stored = structuredClone({
                ...lease,
                metadata: { ...lease.metadata, resourceVersion: `${version}` },
            });
            return stored;
        };
        return { get: async () => structuredClone(stored), create: keep, write: keep };
    }
    const seconds = async () => 1;
    const never = new AbortController().signal;

    it("is won by one, and by the next as soon as the first gives the lease back", async () => {
        const shared = leases();
        const ending = new AbortController();
        const first = new Election(shared, "first", seconds);
        await first.win(never);
        const held = first.hold(ending.signal);
        let won = false;
        const second = new Election(shared, "second", seconds).win(never).then(() => {
            won = true;
        });
        // Longer than the lease: it is renewed.
        await sleep(1300);
        expect(won).toBe(false);
        ending.abort();
        expect(await held).toBe("given back");
        await second;
        expect((await shared.get())?.spec).toMatchObject({ holderIdentity: "second", leaseTransitions: 1 });
    });

    it("waits for a lease that nobody renews, as long as that says", async () => {
        const shared = leases();
        await new Election(shared, "first", seconds).win(never);
        const begun = Date.now();
        await new Election(shared, "second", seconds).win(never);
        expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
    });

    it("tells when the lease is somebody else's", async () => {
        const shared = leases();
        const first = new Election(shared, "first", seconds);
        await first.win(never);
        const lease = await shared.get();
        const spec = { ...lease?.spec, holderIdentity: "second", leaseDurationSeconds: 60 };
        await shared.write({ ...lease, spec } as Lease);
        expect(await first.hold(never)).toBe("lost");
    });
});

describe("certificateMessage", () => {
    const prefix = "tls: failed to verify certificate: x509: ";
    const now = new Date("2026-01-02T03:04:05Z");
    const validity = { notBefore: new Date("2025-01-01"), notAfter: new Date("2027-01-01") };

    async function message(options: ServerOptions, host: string, chainFailure?: string) {
        const { certificate } = await (await Authority.create("test")).server({ ...validity, ...options });
        const peer = new X509Certificate(certificate).toLegacyObject() as unknown as PeerCertificate;
        return certificateMessage(peer, host, chainFailure, now);
    }

    it("has nothing against a good certificate", async () => {
        expect(await message({ hosts: ["s3.example.com", "127.0.0.1"] }, "127.0.0.1")).toBeUndefined();
    });

    // The expected texts are what a Go 1.26 client said to such servers.
    it.each<[string, ServerOptions, string, string]>([
        [
            "an unknown authority",
            { hosts: ["a.example"] },
            "a.example",
            "certificate signed by unknown authority",
        ],
        [
            "another name, first of all",
            { hosts: ["a.example", "b.example"] },
            "c.example",
            "certificate is valid for a.example, b.example, not c.example",
        ],
        [
            "an address without addresses",
            { hosts: ["a.example"] },
            "127.0.0.1",
            "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
        ],
        [
            "another address",
            { hosts: ["127.0.0.2"] },
            "127.0.0.1",
            "certificate is valid for 127.0.0.2, not 127.0.0.1",
        ],
        [
            "a name where there are only addresses",
            { hosts: ["127.0.0.2"] },
            "a.example",
            "certificate is not valid for any names, but wanted to match a.example",
        ],
        [
            "an expired certificate",
            { hosts: ["a.example"], notAfter: new Date("2026-01-01") },
            "a.example",
            "certificate has expired or is not yet valid: current time 2026-01-02T03:04:05Z is after 2026-01-01T00:00:00Z",
        ],
    ])("names %s", async (_title, options, host, said) => {
        expect(await message(options, host, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")).toBe(prefix + said);
    });
});

function object(text: string): KubernetesObject {
    const [name = "", resourceVersion = ""] = text;
    return { metadata: { name, uid: name, resourceVersion } };
}
