import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { customResourceDefinitions, storageDefinitions } from "../../examples/sandbox/crds";
import { type Example, examples } from "../support/customResourceExamples";
import {
    type Definition,
    DefinitionServer,
    type Schema,
    type Verdict,
} from "../support/customResourceServer";
import { changed, paths, values } from "../support/fieldChanges";
import { kubeRequests } from "../support/kubeRequest";

const folder = join(__dirname, "../../../shared/llmos/crds");
const missing = existsSync(folder)
    ? undefined
    : "the definitions of LLMOS itself are not beside this repository";
if (missing) console.log(`Our custom resource definitions were compared with nothing: ${missing}.`);

/** Those of which the originals are there to be compared with. */
const compared = (customResourceDefinitions as Definition[]).filter(({ spec }) =>
    examples.some(({ kind }) => kind === spec.names.kind),
);
const manifests = compared.map((definition) => JSON.stringify(definition));
const copies = { ours: "copy-of-ours", theirs: "copy-of-theirs", broken: "broken-copy-of-ours" };

/** What must hold of each kind whoever defines it; the rest is found by comparison. */
const expected: [kind: string, place: string, value: string, code: number][] = [
    ["Registry", "spec.backendType", "text", 422],
    ["Registry", "spec.backendType", "absent", 422],
    ["Registry", "spec.s3Config", "absent", 201],
    ["Registry", "spec.s3Config.endpoint", "empty text", 201],
    ["Registry", "spec.s3Config.useSSL", "text", 422],
    ["Registry", "spec.s3Config.accessCredentialSecretName", "absent", 422],
    ["Registry", "status.conditions.0.type", "absent", 422],
    ["Registry", "status.conditions.0.lastUpdateTime", "text", 200],
    ["Model", "spec.registry", "absent", 422],
    ["Model", "spec.modelCard", "absent", 201],
    ["Model", "spec.modelCard.description", "absent", 422],
    ["Model", "spec.modelCard.metadata.tags.0", "integer", 422],
    ["Dataset", "spec.datasetCard.description", "absent", 201],
    ["Dataset", "spec.datasetCard.metadata.numSamples", "fraction", 422],
    ["Dataset", "status.versions.0.version", "absent", 422],
    ["DatasetVersion", "spec.copyFrom.namespace", "absent", 422],
    ["DatasetVersion", "status.rootPath", "absent", 422],
    ["DatasetVersion", "status.publishStatus.lastTransitionTime", "text", 422],
    ["LocalModel", "spec.modelName", "absent", 422],
    ["LocalModel", "status.defaultVersion", "text", 422],
    ["DataCollection", "status.files.0.lastModified", "empty text", 422],
    ["DataCollection", "status.files.0.size", "more than 64 bits", 422],
];

it("the sandbox's cluster serves our custom resource definitions whole", async () => {
    const ask = await kubeRequests(inject("sandbox").kubeconfigFile);
    for (const our of [...customResourceDefinitions, ...storageDefinitions] as Definition[]) {
        const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${our.metadata.name}`;
        expect((await ask("GET", path)).body.spec.versions).toEqual(our.spec.versions);
    }
});

describe.skipIf(missing)("our custom resource definitions and those of LLMOS", () => {
    let ours: Definition[];
    let theirs: Definition[];
    let server: DefinitionServer;

    beforeAll(async () => {
        server = new DefinitionServer(await kubeRequests(inject("sandbox").kubeconfigFile));
        const originals = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
        [ours, theirs] = await Promise.all([
            server.serve(manifests, copies.ours),
            server.serve(originals, copies.theirs),
            server.serve([JSON.stringify(withoutRequiredBucket())], copies.broken),
        ]);
        for (const copy of [copies.ours, copies.theirs]) {
            await Promise.all(examples.map((example) => server.create(copy, example)));
        }
    }, 60_000);

    afterAll(async () => {
        await server?.remove();
    });

    it("are of the same six kinds", () => {
        expect(ours.map(({ metadata }) => metadata.name).sort()).toEqual(
            theirs.map(({ metadata }) => metadata.name).sort(),
        );
        expect(ours).toHaveLength(6);
    });

    it("are equal but for descriptions", () => {
        for (const their of theirs) {
            const our = ours.find(({ metadata }) => metadata.name === their.metadata.name)!;
            expect(withoutDescriptions(our.spec)).toEqual(withoutDescriptions(their.spec));
        }
    });

    it("are served with the same names, verbs and subresources", async () => {
        for (const group of ["ml.llmos.ai", "agent.llmos.ai"]) {
            const our = await server.discovery(copies.ours, group);
            expect(our).toEqual(await server.discovery(copies.theirs, group));
            expect(our).toHaveLength(group === "ml.llmos.ai" ? 10 : 2);
        }
    });

    describe.each(examples)("$kind", (example) => {
        it("has an example with every field, so that every field is tried below", () => {
            const { spec, status } = example;
            const tried = paths({ spec, status }).map((path) => path.join("."));
            const their = theirs.find((one) => one.spec.names.kind === example.kind)!;
            const known = schemaPaths(their.spec.versions[0]!.schema.openAPIV3Schema);
            expect(tried.sort()).toEqual(known.filter((path) => /^(spec|status)/.test(path)).sort());
        });

        it("is listed with the same columns and cells", async () => {
            const table = await server.table(copies.ours, example);
            expect(table).toEqual(await server.table(copies.theirs, example));
            expect(table.cells[0]).toBe("example");
        });

        it("is accepted, refused and pruned alike with any value in any place", async () => {
            const our = await verdicts(copies.ours, example);
            expect(our).toEqual(await verdicts(copies.theirs, example));
            expect(new Set(Object.values(our).map(({ code }) => code))).toEqual(
                new Set([200, 201, 400, 422]),
            );
        }, 60_000);
    });

    it.each(expected)("%s with %s: %s is answered with %i by both", async (kind, place, value, code) => {
        const path = place.split(".");
        const object = changed(examples.find((one) => one.kind === kind)!, path, values[value]);
        const attempt = (copy: string) =>
            path[0] === "spec" ? server.tryCreate(copy, object) : server.tryStatus(copy, object);
        expect((await attempt(copies.theirs)).code).toBe(code);
        expect((await attempt(copies.ours)).code).toBe(code);
    });

    it("would be told apart if one required field were optional", async () => {
        const registry = examples.find(({ kind }) => kind === "Registry")!;
        const bucketless = changed(registry, ["spec", "s3Config", "bucket"], values["absent"]);
        expect((await server.tryCreate(copies.theirs, bucketless)).code).toBe(422);
        expect((await server.tryCreate(copies.ours, bucketless)).code).toBe(422);
        expect((await server.tryCreate(copies.broken, bucketless)).code).toBe(201);
    });

    /** What the server says to each wrong and right value in each place, by a name for the attempt. */
    async function verdicts(copy: string, example: Example): Promise<Record<string, Verdict>> {
        const attempts = [...inEachPlace(example, "spec"), ...inEachPlace(example, "status")];
        const answers = attempts.map(async ({ name, part, object }) => {
            const verdict = part === "spec" ? server.tryCreate(copy, object) : server.tryStatus(copy, object);
            return [name, await verdict] as const;
        });
        const surplus = changed(example, ["spec", "surplus"], "field");
        const strict = await server.tryCreate(copy, surplus, "&fieldValidation=Strict");
        return { ...Object.fromEntries(await Promise.all(answers)), strict };
    }
});

function inEachPlace(example: Example, part: "spec" | "status") {
    return paths({ [part]: example[part] }).flatMap((path) =>
        Object.entries(values).map(([value, changedTo]) => ({
            name: `${path.join(".")}: ${value}`,
            part,
            object: changed(example, path, changedTo),
        })),
    );
}

function withoutRequiredBucket(): Definition {
    const copy = structuredClone(
        (customResourceDefinitions as Definition[]).find(({ spec }) => spec.names.kind === "Registry")!,
    );
    const config =
        copy.spec.versions[0]!.schema.openAPIV3Schema.properties!["spec"]!.properties!["s3Config"]!;
    config.required = config.required!.filter((name) => name !== "bucket");
    return copy;
}

function withoutDescriptions(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withoutDescriptions);
    if (value === null || typeof value !== "object") return value;
    const kept = Object.entries(value).filter(
        ([name, inner]) => name !== "description" || typeof inner !== "string",
    );
    return Object.fromEntries(kept.map(([name, inner]) => [name, withoutDescriptions(inner)]));
}

function schemaPaths(schema: Schema): string[] {
    const inner = { ...schema.properties, ...(schema.items && { 0: schema.items }) };
    return Object.entries(inner).flatMap(([name, one]) => [
        name,
        ...schemaPaths(one).map((path) => `${name}.${path}`),
    ]);
}
