import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const models = new llmos.Registry("models", {
    description: "Shared model store",
    endpoint: config.require("endpoint"),
    bucket: { name: "models" },
    credentials: {
        accessKeyId: config.requireSecret("accessKeyId"),
        secretAccessKey: config.requireSecret("secretAccessKey"),
    },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
});

export const name = models.name;
export const state = models.state;
export const isDefault = models.isDefault;
export const storageAddress = models.storageAddress;
export const checks = models.checks;
