import { X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerCertificate } from "node:tls";
import { describe, expect, it } from "vitest";
import { Authority, type ServerOptions } from "../../examples/sandbox/certificates";
import type { ObjectClient } from "../../examples/sandbox/kubernetes/cluster";
import { ObjectCache } from "../../examples/sandbox/kubernetes/objectCache";
import type { KubernetesObject } from "../../examples/sandbox/kubernetes/objects";
import { retryDelay, WorkQueue } from "../../examples/sandbox/kubernetes/workQueue";
import { certificateMessage } from "../../examples/sandbox/operator/goErrors";

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
