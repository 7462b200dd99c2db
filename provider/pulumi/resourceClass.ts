/** From the description of a kind to the class that a program uses. */
import * as pulumi from "@pulumi/pulumi";
import type { Description } from "../description/description";
import type { Field, Table } from "../description/fields";
import { prepare } from "./inputs";
import { shell } from "./shell";

/** A plain type of which every part may be an output. */
export type Deep<T> = T extends (infer E)[]
    ? pulumi.Input<Deep<E>>[]
    : T extends object
      ? { [K in keyof T]: pulumi.Input<Deep<T[K]>> }
      : T;

/** Arguments of a class: the inputs `I` that a program gives, as the table `F` has it. */
export type ArgsOf<I, F> = Optional<I, F> & Given<I, F>;

type Given<I, F> = {
    [K in keyof I as K extends keyof F
        ? F[K] extends Field<unknown, "required" | "optional">
            ? K
            : never
        : never]: pulumi.Input<Deep<I[K]>>;
};

/** The object is called like the resource unless the program says otherwise. */
type Optional<I, F> = {
    [K in keyof I as K extends keyof F
        ? F[K] extends Field<unknown, "named">
            ? K
            : never
        : never]?: pulumi.Input<Deep<I[K]>>;
};

/** What a program is told: the inputs `I` that are always there, and what the provider computes. */
export type OutputsOf<I, Computed> = {
    readonly [K in keyof I as K extends RequiredIn<I> ? K : never]: pulumi.Output<I[K]>;
} & { readonly [K in keyof Computed]-?: pulumi.Output<Computed[K]> };

type RequiredIn<S> = { [K in keyof S]-?: Record<never, never> extends Pick<S, K> ? never : K }[keyof S];

/** The class of a kind, with the arguments `A` and the outputs `O`. */
export type ResourceClass<A, O> = new (
    name: string,
    ...rest: Record<never, never> extends A
        ? [args?: A, options?: pulumi.CustomResourceOptions]
        : [args: A, options?: pulumi.CustomResourceOptions]
) => pulumi.dynamic.Resource & O;

/**
 * Makes the class of a kind. The caller writes its type down: inferred, the published declarations would spell out the
 * whole table of the description instead of the names of its interfaces.
 */
export function resourceClass<A extends object, O>(description: Description): ResourceClass<A, O> {
    const { type, fields, computed } = description;
    const provider = shell(type);
    const shown = [...Object.keys(computed), ...namesOf(fields, (field) => field.shown === true)];
    const outputs = Object.fromEntries(shown.map((name) => [name, undefined]));
    const named = namesOf(fields, ({ presence }) => presence === "named");
    const secrets = namesOf(computed, (field) => field.secret === true);

    class Described extends pulumi.dynamic.Resource {
        constructor(name: string, args: object = {}, options?: pulumi.CustomResourceOptions) {
            const given = { ...Object.fromEntries(named.map((each) => [each, name])), ...args };
            const kept =
                secrets.length > 0
                    ? pulumi.mergeOptions(options, { additionalSecretOutputs: secrets })
                    : options;
            super(
                provider,
                name,
                { ...outputs, ...prepare(description, name, given, options?.parent) },
                kept,
                "llmos",
                type,
            );
        }
    }
    return Described as unknown as ResourceClass<A, O>;
}

function namesOf(fields: Table, which: (field: Field<unknown>) => boolean): string[] {
    return Object.entries(fields).flatMap(([name, field]) => (which(field) ? [name] : []));
}
