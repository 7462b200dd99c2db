/** What every resource class adds to the arguments of the program. */
import * as pulumi from "@pulumi/pulumi";
import type { Field, Table } from "../description/fields";

/** Adds the owner and what the program is still to make, and keeps secret what the description says is. */
export function prepare(fields: Table, name: string, args: object): Record<string, unknown> {
    const prepared = Object.entries(args).map(([key, value]) => [key, kept(fields[key], value)]);
    return { ...Object.fromEntries(prepared), owner: ownerOf(name), awaits: awaited(fields, args) };
}

/** `project/stack/resource`: how a resource knows what an interrupted run of its own has made. */
function ownerOf(name: string): string {
    return `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
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
    return pulumi.output(value as pulumi.Input<Record<string, unknown>>).apply((given) => {
        const entries = inner.flatMap(([name, { secret }]) =>
            secret && given[name] !== undefined ? [[name, pulumi.secret(given[name])]] : [],
        );
        return { ...given, ...Object.fromEntries(entries) };
    });
}

/** Arguments that come from other resources, which may still have to be made; undefined when there are none. */
async function awaited(fields: Table, args: object): Promise<string[] | undefined> {
    const names: string[] = [];
    for (const [name, value] of Object.entries(args)) {
        if (fields[name]?.refers && (await sourcesOf(value)) > 0) {
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
