/** An S3 server that misbehaves: what passes is retried, what lasts is told in words, and nothing is half believed. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { LlmosError } from "../../provider/finding";
import { realContext } from "../../provider/lifecycle/context";
import { askForBucket } from "../../provider/preflight/bucket";
import type { ObjectStore } from "../../provider/s3/objectStore";
import { explained } from "../support/explained";
import {
    answerLost,
    cutOff,
    emptied,
    type Fault,
    halved,
    instead,
    late,
    proxyPage,
    reset,
    s3Error,
    silence,
} from "../support/faults";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";

const sandbox = inject("sandbox");
const { accessKeyId, secretAccessKey, caBundle } = sandbox.s3;
const RULE = { AllowedOrigins: ["https://llmos.example.com"], AllowedMethods: ["GET"] };
const quiet = { info: async () => {}, warn: async () => {} };

interface Stage {
    readonly recorder: Recorder;
    readonly endpoint: string;
    readonly store: ObjectStore;
    readonly connection: Parameters<typeof ObjectStore.open>[0];
}

const recorders: Recorder[] = [];

async function stage(): Promise<Stage> {
    const recorder = await Recorder.beforeS3(sandbox);
    recorders.push(recorder);
    const endpoint = `localhost:${recorder.port}`;
    const connection = { endpoint, caBundle, keys: { accessKeyId, secretAccessKey } };
    return { recorder, endpoint, connection, store: await realContext({}, quiet).objectStore(connection) };
}

afterAll(async () => {
    await Promise.all(recorders.splice(0).map((recorder) => recorder.stop()));
});

const PASSING: Record<string, Fault> = {
    latency: late(400),
    reset,
    "a lost answer": answerLost,
    "a body that ends early": cutOff("end"),
    "a body that is reset": cutOff("reset"),
    "half a document": halved,
    "nothing in the answer": emptied,
    "500": s3Error(500, "InternalError"),
    "503 SlowDown": s3Error(503, "SlowDown"),
    "408": s3Error(408, "RequestTimeout"),
    "409 OperationAborted": s3Error(409, "OperationAborted"),
    "429 with Retry-After": s3Error(429, "TooManyRequests", { "retry-after": "1" }),
    "a page of a proxy": proxyPage,
    "half a refusal": instead(404, "application/xml", "<Error><Code>NoSuchBucket</Code><Mess"),
};

describe("once for each request is retried, all through a bucket's life", () => {
    test.concurrent.each(Object.entries(PASSING))("%s", async (title, fault) => {
        const { recorder, store } = await stage();
        const name = `faults-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
        recorder.faults.set(fault, 1);
        expect(await store.bucket(name)).toEqual({ outcome: "absent" });
        await store.createBucket(name);
        recorder.faults.set(fault, 1);
        expect(await store.bucket(name)).toEqual({ outcome: "present", value: true });
        expect(await store.cors(name)).toEqual({ outcome: "absent" });
        await store.putCors(name, [RULE]);
        recorder.faults.set(fault, 1);
        expect(await store.cors(name)).toMatchObject({ outcome: "present", value: [RULE] });
        await store.proveWriting(name, name);
        expect(await store.someObjects(name, 10)).toEqual([]);
        expect(await store.someVersions(name, 10)).toEqual([]);
        expect(await store.uploads(name)).toEqual([]);
        await store.deleteCors(name);
        await store.deleteBucket(name);
        expect(recorder.faults.hits).toBeGreaterThan(5);
        recorder.faults.heal();
        expect(await store.bucket(name)).toEqual({ outcome: "absent" });
    });
});

describe("that lasts is one finding, and never an answer", () => {
    const DAMAGED = "The S3 endpoint gave an answer that is cut off or damaged";
    const BROKEN = "The connection to the S3 endpoint broke off";
    let bucket: string;
    beforeAll(async () => {
        const { store } = await stage();
        bucket = "faults-lasting";
        await store.createBucket(bucket);
        await store.putCors(bucket, [RULE]);
    });

    const fails = (action: string, words: string) => `The S3 server fails at ${action}: ${words}`;
    test.concurrent.each<[string, Fault, (action: string) => string]>([
        ["reset", reset, () => BROKEN],
        ["a lost answer", answerLost, () => BROKEN],
        ["a body that ends early", cutOff("end"), () => BROKEN],
        ["a body that is reset", cutOff("reset"), () => BROKEN],
        ["half a document", halved, () => DAMAGED],
        ["nothing in the answer", emptied, () => DAMAGED],
        [
            "a page with status 200",
            instead(200, "text/html", "<html><body>Please log in</body></html>"),
            () => "The S3 endpoint answers with a web page: this is no S3 API",
        ],
        ["500", s3Error(500, "InternalError"), (action) => fails(action, "Please try again.")],
        ["503 SlowDown", s3Error(503, "SlowDown"), (action) => fails(action, "Please try again.")],
        [
            "429",
            s3Error(429, "TooManyRequests", { "retry-after": "1" }),
            (action) => fails(action, "Please try again."),
        ],
        ["a page of a proxy", proxyPage, (action) => fails(action, "status 502")],
        [
            "half a refusal",
            instead(404, "application/xml", "<Error><Code>NoSuchBucket</Code><Mess"),
            () => DAMAGED,
        ],
        ["an empty 404", instead(404, "text/plain", ""), (action) => fails(action, "NotFound")],
    ])("%s", async (_title, fault, found) => {
        const { recorder, store, endpoint } = await stage();
        recorder.faults.set(fault);
        const failed = async (action: () => Promise<unknown>) =>
            explained(
                await action().then(
                    (value) => (value as { error?: unknown }).error ?? value,
                    (error) => error,
                ),
                endpoint,
            );
        const reads = await Promise.all([
            failed(() => store.cors(bucket)),
            failed(() => store.someObjects(bucket, 1)),
            failed(() => store.someVersions(bucket, 1)),
        ]);
        expect(reads).toEqual(
            ["s3:GetBucketCORS", "s3:ListBucket", "s3:ListBucketVersions"].map((action) => found(action)),
        );
    });
});

test.concurrent("a refusal that no right of the keys changes is told in the server's words, with the object", async () => {
    const { recorder, store, connection, endpoint } = await stage();
    const bucket = "faults-refused";
    const quota = s3Error(403, "QuotaExceeded");
    recorder.faults.set(quota);
    const content = await realContext({}, quiet).contentStore(connection, bucket);
    const { signal } = new AbortController();
    for (const putting of [
        () => store.putText(bucket, "llama/card.json", "{}"),
        () => content.put("llama/weights.bin", Buffer.from("x"), { headers: {}, signal }),
        () => content.uploads.start("llama/weights.bin", "text/plain"),
    ]) {
        const error = await putting().catch((each: unknown) => each);
        expect(explained(error, endpoint)).toBe("The S3 server refuses s3:PutObject: Please try again.");
        expect((error as LlmosError).finding).toMatchObject({
            where: expect.stringMatching(
                /bucket "faults-refused", object "llama\/[a-z.]+" \(QuotaExceeded, status 403\)$/,
            ),
            next: "Have the quota of the bucket or of its owner raised, or delete what is not needed.",
        });
    }
    expect(recorder.requests).toHaveLength(3);
    recorder.faults.set(s3Error(403, "PathStyleDomainForbidden"));
    expect(await store.bucket(bucket)).toMatchObject({
        error: { finding: { next: expect.stringContaining('Set addressing: "virtual"') } },
    });
});

test.concurrent("parts are sent again after 408 and 409 OperationAborted", async () => {
    const { recorder, store, connection } = await stage();
    const bucket = "faults-parts-again";
    await store.createBucket(bucket);
    const content = await realContext({}, quiet).contentStore(connection, bucket);
    const { signal } = new AbortController();
    const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    for (const fault of [s3Error(408, "RequestTimeout"), s3Error(409, "OperationAborted")]) {
        recorder.faults.set(fault, 1);
        await content.put("a", Buffer.from("x"), { headers, signal });
        expect(recorder.faults.hits).toBe(1);
    }
    recorder.faults.heal();
    await content.remove(["a"]);
    await store.deleteBucket(bucket);
});

describe("a whole answer to another question", () => {
    /** What S3Mock gives to `GET ?cors`, and others to whatever they do not know: the bucket's list of objects. */
    const list = (inside = "") =>
        instead(
            200,
            "application/xml",
            `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>${inside}<MaxKeys>1000</MaxKeys><Name>faults-other</Name></ListBucketResult>`,
        );
    const OBJECT = "<Contents><Key>models/one.bin</Key><Size>3</Size></Contents>";
    const MARKER = "<DeleteMarker><Key>models/old.bin</Key><VersionId>1</VersionId></DeleteMarker>";

    test.concurrent("says that the server has no bucket CORS, without another try", async () => {
        const { recorder, store } = await stage();
        recorder.faults.set(list());
        expect(await store.cors("faults-other")).toMatchObject({
            outcome: "unknown",
            error: { finding: { code: "cors-not-implemented" } },
        });
        expect(recorder.requests).toHaveLength(1);
    });

    test.concurrent("says that it has no list of uploads, and no versions but those that it gives", async () => {
        const { recorder, store } = await stage();
        recorder.faults.set(list(OBJECT));
        expect(await store.uploads("faults-other")).toEqual([]);
        expect(await store.someVersions("faults-other", 10)).toEqual([]);
        recorder.faults.set(list(MARKER));
        expect(await store.someVersions("faults-other", 10)).toEqual([
            { Key: "models/old.bin", VersionId: "1" },
        ]);
    });

    test.concurrent("is told where nothing goes on without the request", async () => {
        const { recorder, store, endpoint } = await stage();
        recorder.faults.set(list());
        const error = await store.deleteObjects("faults-other", [{ Key: "a" }]).catch((each) => each);
        expect(explained(error, endpoint)).toBe(
            "The S3 server does not know the request for s3:DeleteObject: it answers with ListBucketResult",
        );
        expect(recorder.requests).toHaveLength(1);
    });

    test.concurrent("a first page by another API version is never taken for the whole list", async () => {
        const { recorder, connection, endpoint } = await stage();
        recorder.faults.set(
            instead(
                200,
                "application/xml",
                `<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>models/one.bin</NextMarker>${OBJECT}</ListBucketResult>`,
            ),
        );
        const store = await realContext({}, quiet).contentStore(connection, "faults-other");
        const error = await store.list("models/").catch((each) => each);
        expect(explained(error, endpoint)).toBe(
            "The S3 server gives a part of a list, and does not say where the list goes on",
        );
    });
});

test.concurrent("an object that is given back by half is never taken for a proof", async () => {
    const { recorder, store, endpoint } = await stage();
    await store.createBucket("faults-half-object");
    recorder.faults.set(halved, Number.POSITIVE_INFINITY, /^GET/);
    const error = await store.proveWriting("faults-half-object", "owner").catch((each) => each);
    expect(explained(error, endpoint)).toBe(
        "The S3 server gave back something else than what was just written",
    );
    recorder.faults.heal();
    expect(await store.someObjects("faults-half-object", 1)).toEqual([]);
    await store.deleteBucket("faults-half-object");
});

describe("preview's question", () => {
    test.concurrent.each<[string, Fault, RegExp]>([
        ["that gets no answer", silence, /did not answer in time/],
        [
            "that is told to come back in an hour",
            s3Error(503, "SlowDown", { "retry-after": "3600" }),
            /SlowDown/,
        ],
        ["whose connection is always reset", reset, /broke off/],
    ])("%s ends with its deadline, explained", async (_title, fault, words) => {
        const { recorder, connection } = await stage();
        recorder.faults.set(fault);
        const context = realContext({}, quiet);
        await context.objectStore(connection);
        // `faults-none` is asked for behind the endpoint, each question with its own deadline of five seconds.
        const asked = askForBucket(context, connection, "faults-none");
        const { findings } = await asked;
        expect(findings).toHaveLength(1);
        expect(JSON.stringify(findings)).toMatch(words);
    });

    test.concurrent("retries what passes", async () => {
        const { recorder, connection } = await stage();
        recorder.faults.set([reset, s3Error(503, "SlowDown")], 1);
        const answer = await askForBucket(realContext({}, quiet), connection, "faults-none");
        expect(answer).toEqual({ findings: [], exists: false });
    });
});

test.concurrent("what a proof has left that was ended halfway goes with the next one of the same owner", async () => {
    const { store } = await stage();
    const outside = await Outside.of(sandbox);
    const bucket = "faults-proofs";
    await store.createBucket(bucket);
    const leave = async (owner: string) => {
        const abandoned = await stage();
        // Put, and then nothing more is possible: as when the process is killed here.
        abandoned.recorder.faults.set(s3Error(403, "AccessDenied"), undefined, /^(GET|DELETE)/);
        await abandoned.store.proveWriting(bucket, owner).catch(() => {});
    };
    await leave("mine");
    await leave("theirs");
    await outside.put(bucket, ".pulumi-llmos-but-not-ours");
    expect(await outside.objects(bucket)).toHaveLength(3);
    await store.proveWriting(bucket, "mine");
    expect(await outside.objects(bucket)).toHaveLength(2);
    await store.discardOwn(bucket);
    expect(await outside.objects(bucket)).toEqual([".pulumi-llmos-but-not-ours"]);
    outside.s3.destroy();
});
