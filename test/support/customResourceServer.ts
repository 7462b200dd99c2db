import { setTimeout as sleep } from "node:timers/promises";
import type { Example } from "./customResourceExamples";
import type { KubeAnswer, KubeRequest } from "./kubeRequest";

/** The parts of a CustomResourceDefinition that tests touch. */
export interface Definition {
    metadata: { name: string };
    spec: {
        group: string;
        names: { kind: string; plural: string };
        versions: { schema: { openAPIV3Schema: Schema } }[];
    };
}

export interface Schema {
    properties?: Record<string, Schema>;
    items?: Schema;
    required?: string[];
}

/** What became of an attempt: the status code, and what would be stored or what was said against it. */
export interface Verdict {
    code: number;
    result: unknown;
}

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/**
 * Serves copies of definitions under groups of their own ("<copy>.<group>"), so that several of them, and those that
 * the cluster has anyway, can be asked side by side. The group is no part of what a schema accepts.
 */
export class DefinitionServer {
    private readonly served: string[] = [];
    /** Of the objects made for good, by path; nothing changes them any more, as all else is tried only. */
    private readonly metadata = new Map<string, object>();

    constructor(private readonly ask: KubeRequest) {}

    /**
     * Takes manifests in YAML, and gives back what the server made of them, without the mark of the copy. The YAML is
     * left to the server: the Kubernetes client for Node loses `enum` when it reads a definition.
     */
    async serve(manifests: string[], copy: string): Promise<Definition[]> {
        return Promise.all(
            manifests.map(async (manifest) => {
                const renamed = manifest.replaceAll(/\b(ml|agent)\.llmos\.ai/g, `${copy}.$&`);
                const headers = { "content-type": "application/yaml" };
                const created = expectCode(201, await this.ask("POST", definitions, renamed, headers));
                const { metadata, spec } = created;
                this.served.push(metadata.name);
                const list = `/apis/${spec.group}/v1/${spec.names.plural}`;
                while ((await this.ask("GET", list)).status !== 200) await sleep(100);
                return JSON.parse(JSON.stringify({ metadata, spec }).replaceAll(`${copy}.`, ""));
            }),
        );
    }

    /** Makes an example for good, status and all. */
    async create(copy: string, example: Example): Promise<void> {
        const { status, ...object } = this.object(copy, example, "example");
        const created = expectCode(201, await this.ask("POST", this.path(copy, example), object));
        const path = `${this.path(copy, example)}/example`;
        const stored = expectCode(200, await this.ask("PUT", `${path}/status`, { ...created, status }));
        this.metadata.set(path, stored.metadata);
    }

    /** Tries to create an object without doing so. The answer shows that a status is not taken along. */
    async tryCreate(copy: string, example: Example, query = ""): Promise<Verdict> {
        const path = `${this.path(copy, example)}?dryRun=All${query}`;
        const answer = await this.ask("POST", path, this.object(copy, example, "attempt"));
        const { spec, status } = answer.body;
        return this.verdict(copy, answer, { spec, status });
    }

    /** Tries to write the status of the example made before, without doing so; a changed spec must not be taken. */
    async tryStatus(copy: string, example: Example): Promise<Verdict> {
        const path = `${this.path(copy, example)}/example`;
        const object = { ...this.object(copy, example, "example"), metadata: this.metadata.get(path) };
        const answer = await this.ask("PUT", `${path}/status?dryRun=All`, object);
        const { spec, status } = answer.body;
        return this.verdict(copy, answer, { spec, status });
    }

    /** The resources of a group as discovery tells them, without what differs from copy to copy. */
    async discovery(copy: string, group: string): Promise<unknown[]> {
        const { resources } = expectCode(200, await this.ask("GET", `/apis/${copy}.${group}/v1`));
        const told: { name: string; storageVersionHash?: string }[] = resources;
        return told
            .map(({ storageVersionHash, ...rest }) => rest)
            .sort((one, other) => one.name.localeCompare(other.name));
    }

    /** What `kubectl get` shows of a kind: columns and cells. */
    async table(copy: string, example: Example): Promise<{ columns: { name: string }[]; cells: unknown[] }> {
        const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
        const path = this.path(copy, example);
        const table = expectCode(200, await this.ask("GET", path, undefined, { accept }));
        // The last is the age, which the other copy reaches a moment later.
        return { columns: table.columnDefinitions, cells: table.rows[0].cells.slice(0, -1) };
    }

    async remove(): Promise<void> {
        await Promise.all(this.served.map((name) => this.ask("DELETE", `${definitions}/${name}`)));
    }

    private path(copy: string, { group, namespaced, plural }: Example): string {
        return `/apis/${copy}.${group}/v1/${namespaced ? "namespaces/default/" : ""}${plural}`;
    }

    private object(copy: string, { group, kind, spec, status }: Example, name: string) {
        return { apiVersion: `${copy}.${group}/v1`, kind, metadata: { name }, spec, status };
    }

    private verdict(copy: string, answer: KubeAnswer, stored: unknown): Verdict {
        if (answer.status < 300) return { code: answer.status, result: stored };
        const said = JSON.stringify([answer.body.message, answer.body.details]).replaceAll(`${copy}.`, "");
        return { code: answer.status, result: JSON.parse(said) };
    }
}

function expectCode(code: number, answer: KubeAnswer) {
    if (answer.status === code) return answer.body;
    throw new Error(`expected ${code}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}
