/** Every kind of resource, once: adapters, tests and documentation take their list from here. */
import type { AnyLifecycle } from "../lifecycle";
import { bucket } from "./bucket";
import { bucketCors } from "./bucketCors";
import { credentialSecret } from "./credentialSecret";
import { dataset } from "./dataset";
import { datasetVersion } from "./datasetVersion";
import { defaultRegistry } from "./defaultRegistry";
import { model } from "./model";
import { registryObject } from "./registryObject";

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
