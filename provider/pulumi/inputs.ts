/** What every resource class adds to the arguments of the program. */
import * as pulumi from "@pulumi/pulumi";
import type { Description } from "../description/description";
import { type Field, refersToOthers, type Table } from "../description/fields";
import { ownerOf } from "../lifecycle/owner";
import { partsOf } from "./urn";

/** Adds the owner and what the program is still to make, and keeps secret what the description says is. */
export function prepare(
    { type, fields }: Description,
    name: string,
    args: object,
    parent: pulumi.Resource | undefined,
): Record<string, unknown> {
    const owner = ownerIn(parent, type, name);
    const prepared = Object.entries(args).map(([key, value]) => [key, kept(fields[key], value)]);
    return { ...Object.fromEntries(prepared), owner, awaits: awaited(fields, args) };
}

/** The owner of what the resource makes. Its type is that of the plugin, whichever adapter it is used through. */
async function ownerIn(parent: pulumi.Resource | undefined, type: string, name: string): Promise<string> {
    const above = parent === undefined ? ROOT : partsOf(await urnOf(parent)).qualifiedType;
    const types = [...(above === ROOT ? [] : [above]), `llmos:index:${type}`].join("$");
    return ownerOf(pulumi.getProject(), pulumi.getStack(), types, name);
}

/** Type of the stack, which no qualified type begins with. */
const ROOT = "pulumi:pulumi:Stack";

/**
 * The URN of a parent without a dependency on it: one would be a dependency on all of its children, of which this resource
 * is one.
 */
async function urnOf({ urn }: pulumi.Resource): Promise<string> {
    return await (urn as pulumi.Output<string> & { promise(): Promise<string> }).promise();
}

/** The value, with all that is secret in it marked as that. */
function kept(field: Field<unknown> | undefined, value: unknown): unknown {
    if (value === undefined || field === undefined) {
        return value;
    }
    if (field.secret) {
        return pulumi.secret(value);
    }
    const inner = Object.entries(field.kind.fields ?? {});
    if (!inner.some(([, { secret }]) => secret)) {
        return value;
    }
    return pulumi.output(value).apply((given: unknown) => {
        if (!isTable(given)) {
            // What it is instead is for the decoder to refuse.
            return given;
        }
        const entries = inner.flatMap(([name, { secret }]) =>
            secret && given[name] !== undefined ? [[name, pulumi.secret(given[name])]] : [],
        );
        return { ...given, ...Object.fromEntries(entries) };
    });
}

function isTable(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null;
}

/** Arguments that come from other resources, which may still have to be made; undefined when there are none. */
async function awaited(fields: Table, args: object): Promise<string[] | undefined> {
    const names: string[] = [];
    for (const [name, value] of Object.entries(args)) {
        const field = fields[name];
        if (field && refersToOthers(field) && (await sourcesOf(value)) > 0) {
            names.push(name);
        }
    }
    return names.length > 0 ? names : undefined;
}

/** How many resources an input comes from. */
async function sourcesOf(value: unknown): Promise<number> {
    const output = pulumi.output(value) as pulumi.Output<unknown> & {
        allResources?(): Promise<Set<unknown>>;
    };
    return (await output.allResources?.())?.size ?? 0;
}
