import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const models = new llmos.Registry("models", {
    description: "Models in a bucket that was here before",
    endpoint: config.require("endpoint"),
    bucket: { name: config.require("bucket"), existing: true },
    credentials: { secretName: config.require("secretName"), existing: true },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
});

export const state = models.state;
export const checks = models.checks;
