/** Messages from the plugin to the engine, which shows them beside the resource that they are about. */
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "../../lifecycle";
import { grpc } from "./protocol";

type Severity = typeof LogSeverity.INFO | typeof LogSeverity.WARNING;

export class EngineLog {
    private readonly engine: EngineClient;
    /** Warnings of this process: each part of a registry finds the same thing wrong, and it is said once. */
    private readonly warnings = new Set<string>();

    /** `address` is the engine's, as it gave it. */
    constructor(address: string) {
        this.engine = new EngineClient(address, grpc.credentials.createInsecure());
    }

    /** Of one resource. */
    of(urn: string): Log {
        return {
            info: (message) => this.send(LogSeverity.INFO, urn, message),
            warn: async (message) => {
                if (!this.warnings.has(message)) {
                    this.warnings.add(message);
                    await this.send(LogSeverity.WARNING, urn, message);
                }
            },
        };
    }

    /** Comes to its end whatever becomes of the message: what is being done does not fail with an engine that is gone. */
    private send(severity: Severity, urn: string, message: string): Promise<void> {
        const request = new LogRequest().setSeverity(severity).setUrn(urn).setMessage(message);
        return new Promise((sent) => {
            this.engine.log(request, () => sent());
        });
    }
}
