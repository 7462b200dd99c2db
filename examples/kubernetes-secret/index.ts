import * as core from "@pulumi/kubernetes/core/v1";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();
const kubeconfig = config.requireSecret("kubeconfig");

const cluster = new Provider("llmos", { kubeconfig });

const keys = new core.Secret(
    "models-keys",
    {
        metadata: { name: "models-keys", namespace: "llmos-system" },
        stringData: {
            accessKeyID: config.requireSecret("accessKeyId"),
            accessKeySecret: config.requireSecret("secretAccessKey"),
        },
    },
    { provider: cluster },
);

const models = new llmos.Registry("models", {
    description: "Models with keys from @pulumi/kubernetes",
    endpoint: config.require("endpoint"),
    bucket: { name: "models" },
    credentials: { secretName: keys.metadata.name, existing: true },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    cluster: { kubeconfig },
});

export const secretName = models.secretName;
export const state = models.state;
