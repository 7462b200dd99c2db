import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();
const region = new pulumi.Config("aws").require("region");

const bucket = new s3.Bucket("models");

const models = new llmos.Registry("models", {
    description: "Models on Amazon S3",
    endpoint: `s3.${region}.amazonaws.com`,
    region,
    bucket: { name: bucket.bucket, existing: true },
    credentials: {
        accessKeyId: config.requireSecret("accessKeyId"),
        secretAccessKey: config.requireSecret("secretAccessKey"),
    },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
});

export const bucketName = models.bucket;
export const state = models.state;
