/**
 * When this process is to come to an end: the user pressed Ctrl-C, or the engine is gone. The engine sends `Cancel` to a
 * dynamic provider's process, and the SDK answers it and tells nobody; a process whose engine was killed is left alone.
 * Both matter to what takes long: an upload of hours must not outlast the wish for it.
 */
import { createRequire } from "node:module";
import { watchEngine } from "./engineWatch";

const CANCEL = "/pulumirpc.ResourceProvider/Cancel";

/** A signal that is aborted then. Looking begins with the first call, and never keeps the process alive. */
export function engineInterruption(): AbortSignal {
    interruption ??= begin();
    return interruption;
}

let interruption: AbortSignal | undefined;

function begin(): AbortSignal {
    const controller = new AbortController();
    const end = (why: string) => controller.abort(new Error(why));
    hearCancel(() => end("the engine was told to cancel"));
    // The engine's address is the first argument of this process.
    watchEngine(process.argv[2], () => end("the engine is gone"));
    return controller.signal;
}

interface GrpcServer {
    prototype?: { _retrieveHandler?: (this: unknown, path: string) => unknown };
}

/**
 * Every call to this process's server goes through one function, which is asked for the handler by the name of the call.
 * Where a later gRPC library has it no more, Ctrl-C waits for the end of the upload, and a second one ends it.
 */
function hearCancel(onCancel: () => void): void {
    const server = grpcServer();
    const retrieve = server?._retrieveHandler;
    if (server && retrieve) {
        server._retrieveHandler = function (path) {
            if (path === CANCEL) {
                onCancel();
            }
            return retrieve.call(this, path);
        };
    }
}

/** The server of the gRPC library that the SDK has loaded. */
function grpcServer(): GrpcServer["prototype"] {
    try {
        const load = createRequire(require.resolve("@pulumi/pulumi"));
        return (load("@grpc/grpc-js") as { Server?: GrpcServer }).Server?.prototype;
    } catch {
        return undefined;
    }
}
