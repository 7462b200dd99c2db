import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const models = new llmos.Registry("models", {
    description: "Models in a bucket that was here before",
    endpoint: config.require("endpoint"),
    bucket: config.require("bucket"),
    credentials: { secretName: config.require("secretName") },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
});

export const state = models.state;
export const checks = models.checks;
