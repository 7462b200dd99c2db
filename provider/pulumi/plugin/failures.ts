/** Failures as gRPC carries them to the engine. */
import type { ServerErrorResponse } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { LlmosError } from "../../finding";
import { PartialFailure, type Properties } from "../../lifecycle";
import { Any, grpc } from "./protocol";
import { packed } from "./values";

/**
 * What a call ends with. An explained failure goes without its stack; one that nobody foresaw goes with it. The state of a
 * partial one, as it is to be sent, goes along, so that nothing is orphaned.
 */
export function responseOf(error: unknown): ServerErrorResponse {
    if (error instanceof PartialFailure) {
        return { ...told(error.reason.message), metadata: withState(error) };
    }
    if (error instanceof LlmosError) {
        return told(error.message);
    }
    return told(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function told(details: string): ServerErrorResponse {
    return { code: grpc.status.UNKNOWN, name: "Error", message: details, details };
}

/** Where gRPC keeps what is more than a text (gRPC, "Richer error model"). */
function withState({ id, state, reason }: PartialFailure<unknown>) {
    const failed = new ErrorResourceInitFailed()
        .setId(id)
        .setProperties(packed(state as Properties))
        .setReasonsList([reason.message]);
    const detail = new Any();
    detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(reason.message);
    status.addDetails(detail);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return metadata;
}
