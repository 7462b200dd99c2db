/** The server of a plugin: on a port of loopback that the system chooses. */
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { grpc } from "./protocol";
import { Plugin } from "./service";

/** The engine's own limit of a message, in bytes (pulumi/pulumi, sdk/go/common/util/rpcutil). */
const MOST_BYTES = 400 * 1024 * 1024;

export interface PluginServer {
    readonly port: number;
    /** Ends what is under way, answers what was asked, and closes. */
    stop(): Promise<void>;
}

/** Starts it; `onEngineGone` is called when nothing listens at the engine's address any more. */
export async function startPlugin(onEngineGone: () => void): Promise<PluginServer> {
    const interruption = new AbortController();
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MOST_BYTES,
        "grpc.max_send_message_length": MOST_BYTES,
    });
    server.addService(ResourceProviderService, new Plugin(interruption, onEngineGone).service);
    const port = await new Promise<number>((listening, failed) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? failed(error) : listening(bound),
        );
    });
    return {
        port,
        stop: () =>
            new Promise((stopped) => {
                interruption.abort(new Error("the plugin was told to end"));
                server.tryShutdown(() => stopped());
            }),
    };
}
