import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const models = new llmos.Registry("models", {
    description: "Models, looked after by CI",
    endpoint: config.require("endpoint"),
    bucket: { name: "models" },
    credentials: { secretName: config.require("secretName"), existing: true },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
});

export const state = models.state;
