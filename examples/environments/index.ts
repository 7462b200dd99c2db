import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();

const models = new llmos.Registry(
    "models",
    {
        description: `Models of ${pulumi.getStack()}`,
        endpoint: config.require("endpoint"),
        bucket: {
            name: config.require("bucket"),
            forceDestroy: config.requireBoolean("forceDestroy"),
        },
        credentials: {
            accessKeyId: config.requireSecret("accessKeyId"),
            secretAccessKey: config.requireSecret("secretAccessKey"),
        },
        cors: { allowedOrigins: config.requireObject<string[]>("allowedOrigins") },
        default: true,
    },
    { protect: config.requireBoolean("protect") },
);

export const endpoint = models.endpoint;
export const bucket = models.bucket;
export const state = models.state;
