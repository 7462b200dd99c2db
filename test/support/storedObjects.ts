import { expect, vi } from "vitest";
import type { KubeAnswer, KubeRequest } from "./kubeRequest";

/** The kinds whose content lies in the bucket of a Registry. */
export type Plural = "models" | "datasets" | "datasetversions";

const kinds = { models: "Model", datasets: "Dataset", datasetversions: "DatasetVersion" };

/** Longer than the operator waits, in the first minutes, before it tries again. */
const patiently = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 40_000, interval: 50 });

/** Models, Datasets and DatasetVersions in namespace `default`, made and looked at as a person with kubectl would. */
export class StoredObjects {
    private readonly made = new Set<string>();

    constructor(private readonly ask: KubeRequest) {}

    /** Asks for it to be made, whatever the answer. */
    async tryCreate(plural: Plural, name: string, spec: object, metadata: object = {}): Promise<KubeAnswer> {
        const head = { apiVersion: "ml.llmos.ai/v1", kind: kinds[plural], metadata: { ...metadata, name } };
        const answer = await this.ask("POST", place(plural), { ...head, spec });
        if (answer.status === 201) this.made.add(place(plural, name));
        return answer;
    }

    async create(plural: Plural, name: string, spec: object, metadata?: object): Promise<void> {
        const { status, body } = await this.tryCreate(plural, name, spec, metadata);
        expect(status, JSON.stringify(body)).toBe(201);
    }

    // biome-ignore lint/suspicious/noExplicitAny: tests look into the object as it is.
    async get(plural: Plural, name: string): Promise<any> {
        const { status, body } = await this.ask("GET", place(plural, name));
        return status === 404 ? undefined : body;
    }

    /** Asks for a change by a merge patch, whatever the answer. */
    change(plural: Plural, name: string, patch: object): Promise<KubeAnswer> {
        return this.ask("PATCH", place(plural, name), patch);
    }

    /** The one edit that changes nothing that anybody reads. */
    async nudge(plural: Plural, name: string): Promise<void> {
        const annotations = { nudge: String(Math.random()) };
        expect((await this.change(plural, name, { metadata: { annotations } })).status).toBe(200);
    }

    /** The object once its condition `ready` has that status, and the operator has put its finalizer on. */
    async settled(plural: Plural, name: string, status: "True" | "False" = "True") {
        const wanted = { status, finalizers: [finalizers[plural]] };
        await patiently(async () => expect(await this.summary(plural, name)).toEqual(wanted));
        return this.get(plural, name);
    }

    /**
     * Waits until the operator has taken up all that happened to objects of this kind before: its own writing sets off a
     * look too, and it takes looks in their order.
     */
    async caughtUp(plural: Plural, registry: string): Promise<void> {
        await this.create(plural, "caught-up", { registry });
        await this.settled(plural, "caught-up");
        await this.remove(plural, "caught-up");
    }

    /** Waits for a message of the condition `ready`. */
    async says(plural: Plural, name: string, message: string): Promise<void> {
        const said = async () => (await this.get(plural, name))?.status?.conditions?.[0]?.message;
        await patiently(async () => expect(await said()).toBe(message));
    }

    /** Asks for it to be deleted: the operator clears away first. */
    async startRemoval(plural: Plural, name: string): Promise<void> {
        expect((await this.ask("DELETE", place(plural, name))).status).toBe(200);
    }

    async gone(plural: Plural, name: string): Promise<void> {
        await patiently(async () => expect(await this.get(plural, name)).toBeUndefined());
        this.made.delete(place(plural, name));
    }

    async remove(plural: Plural, name: string): Promise<void> {
        await this.startRemoval(plural, name);
        await this.gone(plural, name);
    }

    async removeAll(): Promise<void> {
        const left = [...this.made];
        await Promise.all(left.map((one) => this.ask("DELETE", one)));
        const statuses = () => Promise.all(left.map(async (one) => (await this.ask("GET", one)).status));
        await patiently(async () => expect(await statuses()).toEqual(left.map(() => 404)));
    }

    private async summary(plural: Plural, name: string) {
        const { metadata, status } = (await this.get(plural, name)) ?? {};
        return { status: status?.conditions?.[0]?.status, finalizers: metadata?.finalizers };
    }
}

/** The finalizers of the real operator, by kind. */
export const finalizers = {
    models: "wrangler.cattle.io/model.OnRemove",
    datasets: "wrangler.cattle.io/dataset.OnRemove",
    datasetversions: "wrangler.cattle.io/datasetversion.OnRemove",
};

function place(plural: Plural, name?: string): string {
    const all = `/apis/ml.llmos.ai/v1/namespaces/default/${plural}`;
    return name === undefined ? all : `${all}/${name}`;
}
