/** The plugin as a process: how it starts, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as grpcLibrary from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ProviderHandshakeRequest } from "@pulumi/pulumi/proto/provider_pb";
import { expect, onTestFinished, test } from "vitest";
import { closedPort } from "../../../support/closedPort";
import { ROOT } from "../../../support/processes";

const { credentials } = createRequire(require.resolve("@pulumi/pulumi/package.json"))(
    "@grpc/grpc-js",
) as typeof grpcLibrary;

/** Started as the engine does, and its port. */
async function started(): Promise<{ plugin: ChildProcess; port: number; ended: Promise<unknown[]> }> {
    const plugin = spawn(join(ROOT, "plugin", "pulumi-resource-llmos"), {
        stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void plugin.kill("SIGKILL"));
    const ended = once(plugin, "exit");
    const [written] = (await once(plugin.stdout!, "data")) as [Buffer];
    expect(written.toString()).toMatch(/^\d+\n$/);
    return { plugin, port: Number(written), ended };
}

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it", async (signal) => {
    const { plugin, ended } = await started();
    plugin.kill(signal);
    expect(await ended).toEqual([0, null]);
});

test("it ends by itself when its engine is gone", async () => {
    const { port, ended } = await started();
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const request = new ProviderHandshakeRequest().setEngineAddress(`127.0.0.1:${await closedPort()}`);
    await new Promise<void>((answered, failed) => {
        client.handshake(request, (error) => (error ? failed(error) : answered()));
    });
    expect(await ended).toEqual([0, null]);
    client.close();
});
