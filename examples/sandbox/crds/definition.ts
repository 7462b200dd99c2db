/** The vocabulary in which ../crds.ts writes its definitions. */

export type Schema = Record<string, unknown>;

export interface Kind {
    kind: string;
    plural: string;
    shortNames?: string[];
    group?: string;
    scope?: "Cluster" | "Namespaced";
    columns: Schema[];
    spec: Schema;
    status: Schema;
    /** What an object cannot be without; nothing by default. */
    required?: string[];
    /** Where a group of Kubernetes itself was approved: without it, an API server does not serve such a group. */
    approval?: string;
}

export const text: Schema = { type: "string" };
export const flag: Schema = { type: "boolean" };
export const integer: Schema = { type: "integer" };
export const moment: Schema = { type: "string", format: "date-time" };

export function list(items: Schema): Schema {
    return { type: "array", items };
}

export function object(properties: Record<string, Schema>, ...required: string[]): Schema {
    return { type: "object", properties, ...(required.length > 0 && { required }) };
}

/** A schema with rules in the Common Expression Language (CEL), each with what is said of a value that breaks it. */
export function ruled(schema: Schema, ...rules: [rule: string, message: string][]): Schema {
    return { ...schema, "x-kubernetes-validations": rules.map(([rule, message]) => ({ rule, message })) };
}

export function texts(...names: string[]): Record<string, Schema> {
    return Object.fromEntries(names.map((name) => [name, text]));
}

export function column(name: string, jsonPath: string, type = "string"): Schema {
    return { name, type, jsonPath };
}

export const age = column("Age", ".metadata.creationTimestamp", "date");
export const registryColumn = column("Registry", ".spec.registry");

// Plain text even for the times: the operator's conditions are wrangler's, not metav1.Condition, and an API server
// must not refuse here what a real cluster takes.
export const conditions = list(
    object(
        texts("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime"),
        "status",
        "type",
    ),
);

export function definition(of: Kind): object {
    const { kind, plural, group = "ml.llmos.ai", shortNames, scope = "Namespaced", columns } = of;
    const { required = [], approval } = of;
    const schema = object(
        {
            apiVersion: text,
            kind: text,
            metadata: { type: "object" },
            spec: of.spec,
            status: of.status,
        },
        ...required,
    );
    return {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: {
            name: `${plural}.${group}`,
            ...(approval && { annotations: { "api-approved.kubernetes.io": approval } }),
        },
        spec: {
            group,
            scope,
            names: {
                kind,
                listKind: `${kind}List`,
                plural,
                singular: kind.toLowerCase(),
                ...(shortNames && { shortNames }),
            },
            versions: [
                {
                    name: "v1",
                    served: true,
                    storage: true,
                    subresources: { status: {} },
                    additionalPrinterColumns: columns,
                    schema: { openAPIV3Schema: schema },
                },
            ],
        },
    };
}
