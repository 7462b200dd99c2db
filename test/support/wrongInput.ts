/** Programs with something wrong in them: what the engine told, and what there is on both sides. */
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import type { SandboxDetails } from "../../examples/sandbox";
import { isBelow, type Outside } from "./outside";
import type { EngineRun } from "./project";

/** Makes the registries of `values.registries`: arguments by name. */
export const REGISTRIES_PROGRAM = `
for (const [name, args] of Object.entries(values.registries)) {
    new llmos.Registry(name, args);
}
`;

/** Arguments of a registry in which nothing is wrong. */
export function rightArgs({ s3 }: SandboxDetails, bucket: string) {
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    return {
        endpoint,
        bucket: { name: bucket } as { name: string; existing?: boolean; adopt?: boolean },
        credentials: { accessKeyId, secretAccessKey } as Record<string, string>,
        cors: { allowedOrigins: ["https://llmos.example.com"] } as {
            allowedOrigins?: string[];
            unmanaged?: boolean;
        },
    };
}

/** Texts that are other ones in each run, and what stands for them in an expectation. */
export type Places = Readonly<Record<string, string>>;

/** Texts with the names of the places in them. */
export function placed(texts: readonly string[], places: Places): string[] {
    return texts.map((text) =>
        Object.entries(places).reduce((rest, [place, name]) => rest.replaceAll(place, name), text),
    );
}

/**
 * All that a run told beside its progress, one entry a resource, without the frame that the engine puts around it.
 * Whatever is not ours (a stack trace, an error told twice) is left in, so that an expectation fails on it.
 */
export function told(run: EngineRun, places: Places = {}): string[] {
    const diagnostics = /^Diagnostics:\n([\s\S]*?)^(?:Resources|Outputs):/m.exec(run.output)?.[1] ?? "";
    const [text = ""] = placed([diagnostics], places);
    const entries = text.split(/^ {2}(?=\S)/m).filter((entry) => entry.trim() !== "");
    return entries.map((entry) => {
        const [head = "", ...lines] = entry.trimEnd().split("\n");
        const resource = head.replace(/^pulumi.*:(\w+) \((.*)\):$/, "$1 $2").replace(/^Stack .*/, "Stack");
        const body = lines.map((line) => line.replace(/^ {4}/, "").replace(frame(resource), "")).join("\n");
        return `${resource}: ${body}`;
    });
}

/** What the engine writes before the reason of a refusal. */
function frame(resource: string): string {
    const [type, name] = resource.split(" ");
    return `pulumi-nodejs:dynamic/llmos:${type} resource '${name}' has a problem: `;
}

/**
 * Buckets with their CORS origins and objects, Secrets of all namespaces, and Registries, each with its version; those
 * whose name starts with the prefix, because other tests work on the same sandbox at the same time.
 */
export async function bothSides(outside: Outside, prefix: string): Promise<string[]> {
    const { Buckets = [] } = await outside.s3.send(new ListBucketsCommand({}));
    const buckets = Buckets.map(({ Name = "" }) => Name).filter((name) => isBelow(name, prefix));
    const sides = await Promise.all([
        ...buckets.map((name) => bucketOf(outside, name)),
        objectsOf(outside, "Secret", "/api/v1/secrets"),
        objectsOf(outside, "Registry", "/apis/ml.llmos.ai/v1/registries"),
    ]);
    return sides.flat().filter((line) => isBelow(line.split(" ")[1] ?? "", prefix));
}

async function bucketOf(outside: Outside, name: string): Promise<string> {
    const origins = await outside.origins(name).catch((error: Error) => {
        if (error.name === "NoSuchCORSConfiguration") {
            return [];
        }
        throw error;
    });
    return ["Bucket", name, ...origins, ...(await outside.objects(name))].join(" ");
}

async function objectsOf(outside: Outside, kind: string, path: string): Promise<string[]> {
    const { status, body } = await outside.ask("GET", path);
    // A cluster without LLMOS knows no Registries.
    const items: { metadata: { name: string; resourceVersion: string } }[] = status === 404 ? [] : body.items;
    return items.map(({ metadata }) => `${kind} ${metadata.name} @${metadata.resourceVersion}`);
}
