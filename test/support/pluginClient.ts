/**
 * A plugin of this process, called as the engine calls it: over gRPC, with properties as they travel. What it says through
 * the engine is written down.
 */
import { createRequire } from "node:module";
import type * as grpcLibrary from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { Properties } from "../../provider/lifecycle";
import { Empty } from "../../provider/pulumi/plugin/protocol";
import { type PluginServer, startPlugin } from "../../provider/pulumi/plugin/server";
import { opened, packed, unpacked } from "../../provider/pulumi/plugin/values";

const grpc = createRequire(require.resolve("@pulumi/pulumi/package.json"))(
    "@grpc/grpc-js",
) as typeof grpcLibrary;

/** One resource, as a state holds it: with secrets wrapped. */
export interface Held {
    readonly kind: string;
    readonly name: string;
    readonly id: string;
    readonly inputs: Properties;
    readonly outputs: Properties;
}

/** What a diff came to. */
export interface SeenDiff {
    readonly changes: boolean;
    readonly replaces: readonly string[];
    /** Paths with what happens there, sorted: `update bucket`, `replace name`. */
    readonly detail: readonly string[];
}

/** What a call rejects with where something was left behind. */
export interface Partial {
    readonly id: string;
    readonly outputs: Properties;
    readonly reasons: readonly string[];
}

export class PluginClient {
    private constructor(
        private readonly plugin: PluginServer,
        private readonly client: ResourceProviderClient,
        private readonly engine: grpcLibrary.Server,
        /** `warning: …` and `info: …`, as they came. */
        readonly told: string[],
    ) {}

    /** Started, and configured as a provider of a stack is. */
    static async start(configuration: Properties = {}): Promise<PluginClient> {
        const told: string[] = [];
        const engine = new grpc.Server();
        engine.addService(EngineService, {
            log: ({ request }: { request: LogRequest }, respond: (error: null, empty: object) => void) => {
                const severity = request.getSeverity() === LogSeverity.WARNING ? "warning" : "info";
                told.push(`${severity}: ${request.getMessage()}`);
                respond(null, new Empty());
            },
        });
        const [engineAddress, plugin] = await Promise.all([listen(engine), startPlugin(() => {})]);
        const client = new ResourceProviderClient(
            `127.0.0.1:${plugin.port}`,
            grpc.credentials.createInsecure(),
        );
        const started = new PluginClient(plugin, client, engine, told);
        await started.call(
            "handshake",
            new messages.ProviderHandshakeRequest().setEngineAddress(engineAddress),
        );
        await started.call("configure", new messages.ConfigureRequest().setArgs(packed(configuration)));
        return started;
    }

    async stop(): Promise<void> {
        this.client.close();
        await this.plugin.stop();
        this.engine.forceShutdown();
    }

    async check(
        kind: string,
        name: string,
        inputs: Properties,
        olds: Properties = {},
    ): Promise<{ inputs: Properties; failures: readonly string[]; named: readonly string[] }> {
        const request = new messages.CheckRequest()
            .setUrn(urnOf(kind, name))
            .setOlds(packed(olds))
            .setNews(packed(inputs));
        const response = await this.call<messages.CheckResponse>("check", request);
        const failures = response.getFailuresList();
        return {
            inputs: unpacked(response.getInputs()),
            failures: failures.map((each) => each.getReason()),
            named: failures.map((each) => each.getProperty()),
        };
    }

    /** Of a resource that is there, and new arguments; fails where they are refused. */
    async diff(held: Held, inputs: Properties): Promise<SeenDiff> {
        const checked = await this.check(held.kind, held.name, inputs, held.inputs);
        accepted(checked);
        return await this.diffOf(held, checked.inputs);
    }

    async diffOf(held: Held, news: Properties): Promise<SeenDiff> {
        const request = new messages.DiffRequest()
            .setUrn(urnOf(held.kind, held.name))
            .setId(held.id)
            .setOlds(packed(held.outputs))
            .setOldInputs(packed(held.inputs))
            .setNews(packed(news));
        const response = await this.call<messages.DiffResponse>("diff", request);
        const detail = [...response.getDetaileddiffMap().entries()] as [string, messages.PropertyDiff][];
        return {
            changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
            replaces: response.getReplacesList(),
            detail: detail.map(([path, each]) => `${KINDS[each.getKind()]} ${path}`).sort(),
        };
    }

    /** What a preview shows of a new one. */
    async plan(kind: string, name: string, inputs: Properties): Promise<Properties> {
        const checked = await this.check(kind, name, inputs);
        accepted(checked);
        const request = new messages.CreateRequest()
            .setUrn(urnOf(kind, name))
            .setPreview(true)
            .setProperties(packed(checked.inputs));
        return unpacked((await this.call<messages.CreateResponse>("create", request)).getProperties());
    }

    async create(kind: string, name: string, inputs: Properties): Promise<Held> {
        const checked = await this.check(kind, name, inputs);
        accepted(checked);
        const request = new messages.CreateRequest()
            .setUrn(urnOf(kind, name))
            .setProperties(packed(checked.inputs));
        const response = await this.call<messages.CreateResponse>("create", request);
        const outputs = unpacked(response.getProperties());
        return { kind, name, id: response.getId(), inputs: checked.inputs, outputs };
    }

    /** What a preview of a change shows, or the outcome of the change. */
    async update(held: Held, inputs: Properties, preview = false): Promise<Held> {
        const checked = await this.check(held.kind, held.name, inputs, held.inputs);
        accepted(checked);
        const request = new messages.UpdateRequest()
            .setUrn(urnOf(held.kind, held.name))
            .setId(held.id)
            .setPreview(preview)
            .setOlds(packed(held.outputs))
            .setNews(packed(checked.inputs));
        const response = await this.call<messages.UpdateResponse>("update", request);
        return { ...held, inputs: checked.inputs, outputs: unpacked(response.getProperties()) };
    }

    /** As a refresh does; undefined when it is gone. */
    async read(held: Pick<Held, "kind" | "name" | "id">, state: Held | undefined): Promise<Held | undefined> {
        const request = new messages.ReadRequest().setUrn(urnOf(held.kind, held.name)).setId(held.id);
        if (state) {
            request.setInputs(packed(state.inputs)).setProperties(packed(state.outputs));
        }
        const response = await this.call<messages.ReadResponse>("read", request);
        return response.getId() === ""
            ? undefined
            : {
                  kind: held.kind,
                  name: held.name,
                  id: response.getId(),
                  inputs: unpacked(response.getInputs()),
                  outputs: unpacked(response.getProperties()),
              };
    }

    async delete(held: Held): Promise<void> {
        const request = new messages.DeleteRequest()
            .setUrn(urnOf(held.kind, held.name))
            .setId(held.id)
            .setProperties(packed(held.outputs));
        await this.call("delete", request);
    }

    /** Any call, by the name that the client has for it. */
    call<Response>(method: keyof ResourceProviderClient, request: object): Promise<Response> {
        type Respond = (error: grpcLibrary.ServiceError | null, response: Response) => void;
        const client = this.client as unknown as Record<string, (request: object, respond: Respond) => void>;
        return new Promise((answered, failed) => {
            client[method]?.(request, (error, response) => (error ? failed(error) : answered(response)));
        });
    }
}

export function urnOf(kind: string, name: string): string {
    return `urn:pulumi:dev::project::llmos:index:${kind}::${name}`;
}

/** Properties in clear. */
export const inClear = opened;

/** What a failed create or update has left, as it came with the error. */
export function partialOf(error: unknown): Partial | undefined {
    const [bytes] = (error as grpcLibrary.ServiceError).metadata.get("grpc-status-details-bin");
    const type = "pulumirpc.ErrorResourceInitFailed";
    if (bytes === undefined) {
        return undefined;
    }
    const [detail] = Status.deserializeBinary(new Uint8Array(bytes as Buffer)).getDetailsList();
    const failed = detail?.unpack(messages.ErrorResourceInitFailed.deserializeBinary, type);
    return failed
        ? { id: failed.getId(), outputs: unpacked(failed.getProperties()), reasons: failed.getReasonsList() }
        : undefined;
}

const { Kind } = messages.PropertyDiff;
const KINDS: Record<number, string> = {
    [Kind.ADD]: "add",
    [Kind.UPDATE]: "update",
    [Kind.DELETE]: "delete",
    [Kind.ADD_REPLACE]: "replace",
    [Kind.UPDATE_REPLACE]: "replace",
    [Kind.DELETE_REPLACE]: "replace",
};

function accepted({ failures }: { failures: readonly string[] }): void {
    if (failures.length > 0) {
        throw new Error(failures.join("\n"));
    }
}

function listen(server: grpcLibrary.Server): Promise<string> {
    return new Promise((listening, failed) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
            error ? failed(error) : listening(`127.0.0.1:${port}`),
        );
    });
}
