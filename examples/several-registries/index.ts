import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const stores = [
    { name: "models", description: "Models for serving" },
    { name: "training-data", description: "Datasets for fine-tuning" },
    { name: "archive", description: "What is kept for audits" },
];

const registries = stores.map(
    ({ name, description }) =>
        new llmos.Registry(name, {
            description,
            endpoint: config.require("endpoint"),
            bucket: { name },
            credentials: {
                accessKeyId: config.requireSecret("accessKeyId"),
                secretAccessKey: config.requireSecret("secretAccessKey"),
            },
            cors: { allowedOrigins: ["https://llmos.example.com"] },
            default: name === "models",
        }),
);

// Without dependsOn, the cluster would be asked before these registries are there.
const afterThese = { dependsOn: registries };
export const allRegistries = llmos.getRegistriesOutput({}, afterThese);
export const defaultRegistry = llmos.getDefaultRegistryOutput({}, afterThese).apply((row) => row?.name);
