/** Options that several commands share, and how a value is checked: with the same decoders as a program's arguments. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Option } from "commander";
import { type Addressing, objectName, regionName } from "../description/arguments";
import { caBundle } from "../description/certificates";
import type { Refined } from "../description/decoding";
import type { Settings } from "../lifecycle/settings";

/** A file that was given, and what is in it. */
export interface GivenFile {
    /** Absolute. */
    readonly path: string;
    readonly content: string;
}

/** Which cluster, and whom to trust. */
export interface ConnectionOptions {
    readonly kubeconfig?: string;
    readonly context?: string;
    readonly namespace?: string;
    readonly caBundle?: GivenFile;
}

/** How to speak to the S3 server. */
export interface S3Options {
    readonly region?: string;
    readonly addressing?: Addressing;
}

export const kubeconfigOption = () =>
    new Option("--kubeconfig <path>", "kubeconfig (default: KUBECONFIG, then ~/.kube/config)").argParser(
        (path: string) => resolve(path),
    );

export const contextOption = () => new Option("--context <name>", "context in it (default: its current one)");

export const namespaceOption = () =>
    new Option("--namespace <name>", "namespace of the credential Secrets (default: llmos-system)").argParser(
        checked("--namespace", objectName),
    );

export const caBundleOption = () =>
    new Option("--ca-bundle <file>", "PEM certificates of the S3 server's private authority").argParser(
        readCaBundle,
    );

export const regionOption = () =>
    new Option("--region <name>", "region that S3 requests are signed for (default: us-east-1)").argParser(
        checked("--region", regionName),
    );

export const addressingOption = () =>
    new Option("--addressing <style>", "where the bucket is written in S3 addresses (default: auto)").choices(
        ["auto", "path", "virtual"],
    );

export const jsonOption = () => new Option("--json", "print JSON instead");

/** Settings as a stack's configuration would give them. */
export function settingsOf({ kubeconfig, context, namespace, caBundle: file }: ConnectionOptions): Settings {
    return {
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
        ...(namespace !== undefined && { namespace }),
        ...(file !== undefined && { caBundle: file.content }),
    };
}

/** Wrong usage, in a sentence that names the option. */
export class UsageError extends Error {}

/** A parser for an option's value. Its refusal does not repeat the value: people paste keys into addresses. */
export function checked(
    option: string,
    parse: (value: string) => Refined<string>,
): (value: string) => string {
    return (value) => {
        const refined = parse(value);
        if ("refused" in refined) {
            throw new UsageError(`${option} ${refined.refused}`);
        }
        return refined.value;
    };
}

function readCaBundle(given: string): GivenFile {
    const path = resolve(given);
    const content = contentOf(path);
    if (!content.includes("-----BEGIN CERTIFICATE-----")) {
        throw new UsageError(
            `--ca-bundle: ${path} holds no PEM certificate ("-----BEGIN CERTIFICATE-----").`,
        );
    }
    checked(`--ca-bundle: ${path},`, caBundle)(content);
    return { path, content };
}

function contentOf(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const reason = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
        throw new UsageError(`--ca-bundle: ${path} ${reason}.`);
    }
}
