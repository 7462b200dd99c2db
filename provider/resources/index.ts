/** Every kind of resource, once: adapters, tests and documentation take their list from here. */

import type { AnyLifecycle } from "../lifecycle";
import { bucket } from "./bucket/lifecycle";
import { bucketCors } from "./bucketCors/lifecycle";
import { credentialSecret } from "./credentialSecret/lifecycle";
import { dataset } from "./dataset/lifecycle";
import { datasetVersion } from "./datasetVersion/lifecycle";
import { defaultRegistry } from "./defaultRegistry/lifecycle";
import { model } from "./model/lifecycle";
import { registryObject } from "./registryObject/lifecycle";

/** The lifecycle of each kind, by its type name. */
export const LIFECYCLES: Readonly<Record<string, AnyLifecycle>> = Object.fromEntries(
    [
        bucket,
        bucketCors,
        credentialSecret,
        registryObject,
        defaultRegistry,
        model,
        dataset,
        datasetVersion,
    ].map((lifecycle) => [lifecycle.type, lifecycle as unknown as AnyLifecycle]),
);

/** Of a type that the engine names. */
export function lifecycleOf(type: string): AnyLifecycle {
    const lifecycle = LIFECYCLES[type];
    if (!lifecycle) {
        throw new Error(
            `This release of pulumi-llmos knows no resource type "${type}"; a newer one wrote this stack.`,
        );
    }
    return lifecycle;
}
