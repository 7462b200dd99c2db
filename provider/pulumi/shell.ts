/**
 * What Pulumi stores of a dynamic provider. Its text goes into the state of every resource and is what refresh
 * and destroy run, so it must stay small and the same for every release: seven functions that load the
 * installed package at the time of the call and pass on. A test holds it to the letter.
 */
import type * as pulumi from "@pulumi/pulumi";

export function shell(type: string): pulumi.dynamic.ResourceProvider {
    return {
        configure: (request) => require("pulumi-llmos/dynamic").configure(type, request),
        check: (olds, news) => require("pulumi-llmos/dynamic").check(type, olds, news),
        diff: (id, olds, news) => require("pulumi-llmos/dynamic").diff(type, id, olds, news),
        create: (inputs) => require("pulumi-llmos/dynamic").create(type, inputs),
        read: (id, props) => require("pulumi-llmos/dynamic").read(type, id, props),
        update: (id, olds, news) => require("pulumi-llmos/dynamic").update(type, id, olds, news),
        delete: (id, props) => require("pulumi-llmos/dynamic").remove(type, id, props),
    };
}
