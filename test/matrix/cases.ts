/** The cases of the matrix. Each gives a word for what happened, `works` where all did; a finding's code stands for itself. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { connectionOf } from "../../provider/access/bucket";
import { manifestKey } from "../../provider/content/manifest";
import { PART_BYTES } from "../../provider/content/parts";
import { pendingContent } from "../../provider/content/pending";
import { storeContent } from "../../provider/content/storing";
import type { Credentials } from "../../provider/description/arguments";
import { LlmosError } from "../../provider/finding";
import { examineCors } from "../../provider/preflight/cors";
import { bucket } from "../../provider/resources/bucket/lifecycle";
import { bucketCors } from "../../provider/resources/bucketCors/lifecycle";
import { MARK_KEY } from "../../provider/s3/bucketMark";
import { guideRule } from "../../provider/s3/cors/document";
import { bytesOf, seeded } from "../support/seeded";
import { outcomeOf, PAGE, type Trial } from "./trial";

export interface Case {
    readonly name: string;
    /** Column of the table that the case counts for. */
    readonly column: string;
    /** What a server does that lacks nothing; default `works`. */
    readonly usual?: string;
    readonly run: (trial: Trial) => Promise<string>;
}

export const WORKS = "works";
/** The server takes whatever keys or region it is given. */
const NOT_CHECKED = "not checked";
/** There are no rules of buckets; what the server is started with decides. */
const BY_SERVER = "server's setting";

const unknownKey = { accessKeyId: "NOBODYHASTHISKEY" };
const wrongSecret = { secretAccessKey: "x".repeat(40) };

export const CASES: readonly Case[] = [
    { name: "made, read, made again, deleted", column: "bucket", run: bucketLife },
    { name: "missing one is absent", column: "bucket", usual: "absent", run: (trial) => readWith(trial, {}) },
    { name: "filled one is kept", column: "bucket", run: keepFilled },
    { name: "emptied with versions and uploads", column: "forceDestroy", run: forceDestroy },
    { name: "content stored, read back, compared", column: "content", run: contentStored },
    {
        name: "wrong key",
        column: "keys",
        usual: "unknown-key",
        run: (trial) => readWith(trial, { keys: unknownKey }),
    },
    {
        name: "wrong secret",
        column: "keys",
        usual: "wrong-secret",
        run: (trial) => readWith(trial, { keys: wrongSecret }),
    },
    { name: "writing is proved", column: "keys", run: proveWriting },
    {
        name: "wrong region",
        column: "region",
        usual: "wrong-region",
        run: (trial) => readWith(trial, { region: "eu-west-1" }),
    },
    { name: "CORS written, read, asked by a browser", column: "CORS", run: corsCreated },
    { name: "CORS drift seen and put right", column: "CORS", run: corsDrift },
    { name: "CORS deleted, bucket kept", column: "CORS", run: corsDeleted },
    {
        name: "browser without rules is refused",
        column: "without rules",
        usual: "cors-absent",
        run: corsExamined,
    },
];

/** Made, read, made again, deleted; and then it is gone. */
async function bucketLife(trial: Trial): Promise<string> {
    const state = await trial.made();
    expect(await bucket.read(trial.context(), state.name, state)).toEqual({
        outcome: "present",
        value: state,
    });
    const again = await bucket.create(trial.context(), trial.bucketInputs(state.name));
    expect(again.state).toEqual({ ...state, instance: expect.any(String) });
    await bucket.delete(trial.context(), state.name, again.state);
    expect((await bucket.read(trial.context(), state.name, again.state)).outcome).toBe("absent");
    return WORKS;
}

/** A bucket that is not there, read with keys and a region that may be wrong: those are never taken for "absent". */
async function readWith(
    trial: Trial,
    wrong: { keys?: Partial<Record<"accessKeyId" | "secretAccessKey", string>>; region?: string },
): Promise<string> {
    const asked = wrong.keys || wrong.region ? await trial.bucketOutside() : trial.newName();
    const inputs = trial.bucketInputs(asked);
    const credentials = { ...inputs.credentials, ...wrong.keys } as Credentials;
    const state = { ...inputs, ...wrong, credentials, url: "", managed: true, instance: "" };
    const reading = await bucket.read(trial.context(), asked, state);
    if (reading.outcome === "unknown") {
        return reading.error.finding.code;
    }
    return reading.outcome === "present" ? NOT_CHECKED : reading.outcome;
}

async function proveWriting(trial: Trial): Promise<string> {
    const { name, ...access } = await trial.made();
    const context = trial.context();
    const store = await context.objectStore(await connectionOf(context, access));
    await store.proveWriting(name, "matrix");
    expect(await store.someObjects(name, 10)).toEqual([MARK_KEY]);
    return WORKS;
}

/** Odd names, several parts and an upload that was ended come back whole; and nothing is to be sent after that. */
async function contentStored(trial: Trial): Promise<string> {
    const { name, ...access } = await trial.made({ forceDestroy: true });
    const folder = await mkdtemp(join(tmpdir(), "matrix-content-"));
    const files = { "a b+c%20.txt": 10, "模型.bin": 1_000, "parts.bin": 2 * PART_BYTES + 1 };
    try {
        for (const [file, size] of Object.entries(files)) {
            await writeFile(join(folder, file), bytesOf(seeded(size), size));
        }
        const context = trial.context();
        const store = await context.contentStore(await connectionOf(context, access), name);
        const inputs = { content: folder };
        const owner = { cluster: "matrix", uid: "1" };
        const claim = { what: "matrix", path: "models/matrix", owner, resources: [], adopt: false };
        const state = await storeContent(context, inputs, claim, store);
        expect(state).toMatchObject({ fileCount: 3, contentDrift: [] });
        for (const file of Object.keys(files)) {
            const stored = await trial.bytes(name, `models/matrix/${file}`);
            expect(Buffer.compare(stored, await readFile(join(folder, file)))).toBe(0);
        }
        const pending = () => pendingContent(context, inputs, claim, store);
        expect(await pending()).toBe(undefined);
        await store.remove([manifestKey("models/matrix")]);
        const { files: again = 0 } = (await pending()) ?? {};
        return again === 0 ? WORKS : `${again} files sent again without their manifest`;
    } finally {
        await rm(folder, { recursive: true });
    }
}

/** Neither deleted nor taken over while there is something in it. */
async function keepFilled(trial: Trial): Promise<string> {
    const state = await trial.made();
    await trial.put(state.name, "models/one.bin");
    await expect(bucket.delete(trial.context(), state.name, state)).rejects.toMatchObject({
        finding: { code: "bucket-not-empty" },
    });
    const stranger = trial.bucketInputs(state.name, { owner: "matrix/dev/stranger" });
    await expect(bucket.create(trial.context(), stranger)).rejects.toMatchObject({
        finding: { code: "bucket-taken" },
    });
    expect(await trial.content(state.name, "models/one.bin")).toBe("content of models/one.bin");
    return WORKS;
}

/** What a plain listing does not show keeps the bucket too; forceDestroy then deletes all of it. */
async function forceDestroy(trial: Trial): Promise<string> {
    const state = await trial.made({ forceDestroy: true });
    const careful = { ...state, forceDestroy: false };
    const versions = await trial.leaveVersions(state.name, "models/old.bin");
    const kept = () => bucket.delete(trial.context(), state.name, careful);
    if (versions) {
        await expect(kept()).rejects.toMatchObject({ finding: { code: "bucket-not-empty" } });
    }
    const uploads = await trial.openUpload(state.name, "models/half.bin");
    if (uploads) {
        await expect(kept()).rejects.toMatchObject({ finding: { code: "bucket-not-empty" } });
    }
    await trial.put(state.name, "models/one.bin");
    await bucket.delete(trial.context(), state.name, state);
    expect((await bucket.read(trial.context(), state.name, state)).outcome).toBe("absent");
    const lacking = [...(versions ? [] : ["no versions"]), ...(uploads ? [] : ["uploads not listed"])];
    return lacking.join(", ") || WORKS;
}

/** Written, read back, and shown by a browser's question from the page and from elsewhere. */
async function corsCreated(trial: Trial): Promise<string> {
    const { name } = await trial.made();
    const state = await trial.madeCors(name).catch(namingSwitches);
    const warned = state.checks.find(({ outcome }) => outcome !== "passed")?.finding?.code;
    expect(state.checks.map((check) => check.name)).toContain("cors-preflight");
    const reading = await bucketCors.read(trial.context(), name, state);
    expect(reading).toMatchObject({ outcome: "present", value: { allowedOrigins: [PAGE] } });
    const words = [...(state.enforcedBy === "server" ? [BY_SERVER] : []), ...(warned ? [warned] : [])];
    return words.join(", ") || WORKS;
}

/** Where the server's own settings decide, the finding names the setting of the servers that are known to have one. */
function namingSwitches(error: unknown): never {
    if (error instanceof LlmosError && error.finding.code === "cors-not-implemented") {
        expect(error.finding.next).toContain("s3proxy.cors-allow-origins");
    }
    throw error;
}

/** A change by somebody else is seen, and put right. */
async function corsDrift(trial: Trial): Promise<string> {
    const { name } = await trial.made();
    const context = trial.context();
    const state = await trial.madeCors(name, context);
    if (state.enforcedBy === "server") {
        return BY_SERVER;
    }
    await trial.setOrigins(name, ["https://other.example.com"]);
    const reading = await bucketCors.read(trial.context(), name, state);
    expect(reading).toMatchObject({
        outcome: "present",
        // Ours are gone, and what is there is somebody else's: adopt removes it.
        value: { storedRules: [] },
    });
    await bucketCors.update(trial.context(), name, state, trial.corsInputs(name, { adopt: true }));
    expect(await trial.origins(name)).toEqual([PAGE]);
    return WORKS;
}

/** The rules go; the bucket, and what is in it, stay. */
async function corsDeleted(trial: Trial): Promise<string> {
    const made = await trial.made();
    const { name } = made;
    const context = trial.context();
    const inputs = { ...trial.corsInputs(name), reachability: "warn" as const };
    const { state } = await bucketCors.create(context, inputs);
    const guided = [guideRule([PAGE])];
    await bucketCors.delete(trial.context(), name, state);
    expect(await trial.origins(name)).toEqual([]);
    // With a state from a server that stored rules: whatever is told, S3Mock may not be asked to delete any.
    const moved = { ...state, enforcedBy: "bucket" as const, storedRules: guided, writtenRules: guided };
    await outcomeOf(async () => bucketCors.delete(trial.context(), name, moved).then(() => WORKS));
    expect((await bucket.read(trial.context(), name, made)).outcome).toBe("present");
    return WORKS;
}

/** A bucket of which nothing is declared, asked as a browser on the page would ask. */
async function corsExamined(trial: Trial): Promise<string> {
    const { name, ...access } = await trial.made();
    const context = trial.context();
    const store = await context.objectStore(await connectionOf(context, access));
    const [check] = await examineCors(context, store, name, [PAGE]);
    return check?.finding?.code ?? "let in";
}
