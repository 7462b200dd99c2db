/** The process of the stand-in's webhooks. They stay registered when it ends, as the real ones do. */
import { readFile } from "node:fs/promises";
import { register } from "../../webhooks/registration";
import { serveAdmission } from "../../webhooks/server";
import { type ChildOptions, readyLine, runChild } from "../childProcess";
import { trustOf } from "../controllers";
import { admissions, refusal } from "./admission";
import { followLookups } from "./lookups";
import { webhooks } from "./registered";

/** What the process is started with: the certificate and the port of one that has ended serve for the next. */
export interface WebhookOptions extends ChildOptions {
    readonly port: number;
    readonly caFile: string;
    readonly certificateFile: string;
    readonly keyFile: string;
}

runChild<WebhookOptions>(async ({ options, cluster, s3CaBundle, log, signal }) => {
    const { lookups, synced, following } = followLookups(cluster, trustOf(s3CaBundle), { log, signal });
    const [caBundle, certificate, key] = await Promise.all(
        [options.caFile, options.certificateFile, options.keyFile].map((file) => readFile(file, "utf8")),
    );
    const issued = { caBundle: caBundle ?? "", certificate: certificate ?? "", key: key ?? "" };
    await synced;
    const server = await serveAdmission(issued, options.port, admissions(lookups), refusal);
    await register(cluster, server, webhooks);
    log(readyLine(process.pid));
    await following;
    await server.stop();
});
