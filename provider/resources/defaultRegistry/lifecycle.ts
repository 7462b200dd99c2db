/** `DefaultRegistry`: the annotation that makes one registry of the cluster its default. */

import { randomUUID } from "node:crypto";
import { clusterToLeave, identify, ownCluster } from "../../access/cluster";
import { type Finding, failure } from "../../finding";
import type { Cluster, ClusterReader } from "../../kubernetes/cluster";
import type { Context, Lifecycle } from "../../lifecycle";
import { dispositionOf, OURS_ALONE } from "../../lifecycle/disposition";
import { type Sighting, standingOf } from "../../lifecycle/ownership";
import {
    DEFAULT_ANNOTATION,
    DEFAULT_INSTANCE_ANNOTATION,
    isDefault,
    REGISTRIES,
    type RegistryResource,
    registryPath,
} from "../../llmos/objects";
import { askForRegistries } from "../../preflight/cluster";
import { absent, known, present } from "../../reading";
import {
    type DefaultRegistryInputs,
    type DefaultRegistryState,
    defaultRegistryDescription,
} from "./description";

export const defaultRegistry: Lifecycle<DefaultRegistryInputs, DefaultRegistryState> = {
    ...defaultRegistryDescription,

    asks: ["registry"],

    subject({ clusterId, registry }) {
        return [clusterId, registry];
    },

    async complete(context, inputs, prior) {
        return await identify(context, inputs, prior);
    },

    acrossProgram(context, inputs) {
        const { registry, owner = "" } = inputs;
        const place = inputs.clusterId ?? JSON.stringify(inputs.cluster ?? null);
        const claims = context.history.defaultClaims.get(place) ?? new Map<string, string>();
        context.history.defaultClaims.set(place, claims);
        const [rival] = [...claims.entries()].filter(([claimant]) => claimant !== owner);
        if (rival) {
            return [twoDefaults(registry ?? "", rival[1])];
        }
        claims.set(owner, registry ?? "");
        return [];
    },

    async preflight(context, inputs, prior) {
        const findings = await askForRegistries(context, inputs.cluster);
        if (findings.length > 0 || inputs.registry === undefined || prior?.registry === inputs.registry) {
            return findings;
        }
        const cluster = await context.clusterReader(inputs.cluster);
        const others = (await defaultsOf(cluster)).filter((name) => name !== inputs.registry);
        const foreign = others.filter((name) => name !== prior?.registry);
        return foreign.map((name) => takesFrom(cluster, inputs.registry ?? "", name));
    },

    compares: ["registry"],

    changes(state, inputs, unknowns) {
        const changes = unknowns.has("registry") || state.registry !== inputs.registry || !state.isDefault;
        return changes ? [{ name: "registry", effect: "write" }] : [];
    },

    async create(context, inputs) {
        const claimed = { ...inputs, instance: randomUUID() };
        const state = await claim(context, await ownCluster(context, inputs), claimed, undefined);
        return { id: inputs.registry, state };
    },

    async read(context, _id, state) {
        const cluster = await ownCluster(context, state);
        const reading = await cluster.read<RegistryResource>(registryPath(state.registry));
        if (reading.outcome !== "present") {
            return reading;
        }
        const marked = await defaultsOf(cluster);
        const otherDefaults = marked.filter((name) => name !== state.registry);
        if (marked.length === 0) {
            // Nobody is the default: that what this resource makes is gone is a confirmed absence.
            return absent;
        }
        return present({
            ...state,
            isDefault: isDefault(reading.value) && otherDefaults.length === 0,
            otherDefaults,
        });
    },

    async update(context, _id, state, inputs) {
        const cluster = await ownCluster(context, inputs);
        const claimed = { ...inputs, instance: state.instance || randomUUID() };
        return await claim(context, cluster, claimed, state.registry);
    },

    async delete(context, _id, state) {
        const cluster = await clusterToLeave(context, state, `The default flag of "${state.registry}"`);
        if (cluster) {
            await mark(cluster, state.registry, { value: false, unlessFrom: state.instance });
        }
    },
};

/** Rounds before giving up against somebody who claims the default at the same time. */
const MAX_ROUNDS = 10;

/** Longest pause after the first round, which doubles with each, and after any, in milliseconds. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

async function defaultsOf(cluster: ClusterReader): Promise<string[]> {
    const registries = (await cluster.list<RegistryResource>(REGISTRIES)) ?? [];
    return registries.filter(isDefault).map(({ metadata }) => metadata.name);
}

/**
 * Takes the flag from every other registry, then sets ours, and looks whether it is the only one: the same
 * order in which the LLMOS page does it. `expected` is the one it is taken from without a warning.
 */
async function claim(
    context: Context,
    cluster: Cluster,
    inputs: DefaultRegistryInputs & { instance: string },
    expected: string | undefined,
): Promise<DefaultRegistryState> {
    const clusterId = await cluster.identity();
    if (!known(await cluster.read<RegistryResource>(registryPath(inputs.registry)))) {
        // Before any other loses the flag.
        throw missingRegistry(cluster, inputs.registry);
    }
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const others = (await defaultsOf(cluster)).filter((name) => name !== inputs.registry);
        for (const name of others) {
            await mark(cluster, name, { value: false });
            if (name !== expected) {
                await context.log.warn(
                    `"${name}" is no longer the default registry: "${inputs.registry}" is.`,
                );
            }
        }
        const instance = await mark(cluster, inputs.registry, { value: true, instance: inputs.instance });
        const marked = await defaultsOf(cluster);
        if (marked.length === 1 && marked[0] === inputs.registry) {
            return { ...inputs, clusterId, instance, isDefault: true, otherDefaults: [] };
        }
        // Two that claim at the same pace would take it from each other for ever.
        await context.clock.sleep(Math.random() * Math.min(2 ** round * FIRST_PAUSE_MS, LONGEST_PAUSE_MS));
    }
    // Whoever gives up leaves the field, or there would be two.
    await mark(cluster, inputs.registry, { value: false, unlessFrom: inputs.instance });
    throw failure("two-defaults", {
        found: `"${inputs.registry}" cannot be made the only default: somebody else keeps claiming it`,
        where: `${cluster.server}: ${(await defaultsOf(cluster)).join(", ")}`,
        why: "New models and datasets go to the default registry; with several, it is chance which.",
        next: "Find the other claimant (another stack, the LLMOS page) and let only one of them set the default.",
    });
}

/** What is to become of the flag of one Registry. */
interface Mark {
    readonly value: boolean;
    /** The creation that sets it. */
    readonly instance?: string;
    /** Leave a flag that another creation than this one has set. */
    readonly unlessFrom?: string;
}

/**
 * Sets or clears the flag, unless it is so already, and gives the creation that it then comes from. The precondition on
 * resourceVersion keeps two writers apart.
 */
async function mark(cluster: Cluster, name: string, wanted: Mark): Promise<string> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const registry = known(await cluster.read<RegistryResource>(registryPath(name)));
        if (!registry && wanted.value) {
            throw missingRegistry(cluster, name);
        }
        if (!registry || isMarked(registry, wanted)) {
            return registry?.metadata.annotations?.[DEFAULT_INSTANCE_ANNOTATION] ?? "";
        }
        const annotations = {
            [DEFAULT_ANNOTATION]: String(wanted.value),
            [DEFAULT_INSTANCE_ANNOTATION]: wanted.instance ?? null,
        };
        const { resourceVersion } = registry.metadata;
        const patch = { metadata: { annotations, resourceVersion } };
        if ((await cluster.merge(registryPath(name), patch)) !== "conflict") {
            return wanted.instance ?? "";
        }
    }
    throw failure("field-conflict", {
        found: `The Registry "${name}" changes faster than its default flag can be set`,
        where: `${cluster.server}${registryPath(name)}`,
        why: "A write that is based on old data would undo somebody else's.",
        next: "Find out who keeps writing to it, then run again.",
    });
}

/** Whether there is nothing to write. A flag that nobody's creation has set, but a person, is good as it is. */
function isMarked(registry: RegistryResource, { value, instance, unlessFrom }: Mark): boolean {
    const setBy = registry.metadata.annotations?.[DEFAULT_INSTANCE_ANNOTATION];
    if (value || unlessFrom === undefined) {
        return value
            ? isDefault(registry) && (setBy === undefined || setBy === instance)
            : !isDefault(registry);
    }
    const standing = standingOf(isDefault(registry) ? flagOf(setBy) : undefined, {
        owners: [],
        made: { uid: UNMARKED, instance: unlessFrom },
    });
    return dispositionOf({ ...OURS_ALONE, standing }).act !== "delete";
}

/** Stands for the UID that a flag does not have, so that one without a creation counts as the one in the state. */
const UNMARKED = "unmarked";

function flagOf(instance: string | undefined): Sighting {
    return { uid: UNMARKED, marks: { instance }, terminating: false };
}

function twoDefaults(registry: string, rival: string): Finding {
    return failure("two-defaults", {
        found: `Two registries of this program want to be the default: "${rival}" and "${registry}"`,
        where: "default",
        why: "A cluster has one default registry, which new models and datasets use.",
        next: "Keep default: true on one of them.",
        property: "registry",
    }).finding;
}

function takesFrom(cluster: ClusterReader, registry: string, previous: string): Finding {
    return {
        code: "two-defaults",
        severity: "warning",
        found: `"${previous}" is the default registry now and will no longer be: "${registry}" takes its place`,
        where: cluster.server,
        why: "New models and datasets go to the default registry.",
        next: "Nothing, if that is meant; otherwise remove default: true.",
        property: "registry",
    };
}

function missingRegistry(cluster: Cluster, name: string): Error {
    return failure("registry-missing", {
        found: `The Registry "${name}" does not exist and cannot be made the default`,
        where: cluster.server,
        why: "The default is a mark on a Registry.",
        next: "Correct the name, or declare the registry and let this resource depend on it.",
        property: "registry",
    });
}
