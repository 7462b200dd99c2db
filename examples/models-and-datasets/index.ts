import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const registry = new llmos.Registry("models", {
    endpoint: config.require("endpoint"),
    bucket: { name: "models" },
    credentials: {
        accessKeyId: config.requireSecret("accessKeyId"),
        secretAccessKey: config.requireSecret("secretAccessKey"),
    },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
});

const llama = new llmos.Model("llama", {
    registry: registry.name,
    cardFile: "llama/README.md",
    metadata: { license: "llama3.1", framework: "pytorch", tags: ["text-generation"] },
    content: "llama",
    ignore: ["*.tmp"],
});

const reviews = new llmos.Dataset("reviews", {
    registry: registry.name,
    card: "Reviews of our products, for fine-tuning.",
    metadata: { license: "cc-by-4.0", splitTypes: ["train", "test"] },
});

const first = new llmos.DatasetVersion("reviews-v1", {
    dataset: reviews.name,
    version: "v1",
    content: "reviews",
});

// Starts as v1 is, and is published: from then on notebooks and trainings can mount it.
const second = new llmos.DatasetVersion("reviews-v2", {
    dataset: reviews.name,
    version: "v2",
    copyFrom: { version: first.version },
    publish: true,
});

export const modelUri = llama.storageUri;
export const modelFiles = llama.fileCount;
export const modelDigest = llama.contentDigest;
export const published = second.publishPhase;
