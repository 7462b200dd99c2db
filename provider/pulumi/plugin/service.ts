/** The service that the engine calls (`pulumirpc.ResourceProvider`). A call that is not here is answered as unknown. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { handleUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import {
    CheckFailure,
    type CheckRequest,
    CheckResponse,
    type ConfigureRequest,
    ConfigureResponse,
    type CreateRequest,
    type DeleteRequest,
    type DiffRequest,
    DiffResponse,
    GetSchemaResponse,
    type ProviderHandshakeRequest,
    ProviderHandshakeResponse,
    type ReadRequest,
    type UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import type { Log } from "../../lifecycle";
import type { Settings } from "../../lifecycle/settings";
import { watchEngine } from "../engineWatch";
import { EngineLog } from "./engineLog";
import { responseOf } from "./failures";
import { Empty } from "./protocol";
import type { ResourceCalls } from "./resourceCalls";
import { packed, unpacked } from "./values";

/** Of the package: the same below `provider/` and below `dist/`. */
const ROOT = join(__dirname, "..", "..", "..");

/** One plugin process: of one provider, with one configuration. */
export class Plugin {
    private settings: Settings = {};
    private engineLog: EngineLog | undefined;
    private calls: Promise<ResourceCalls> | undefined;

    /** `interruption` is aborted when the engine wants what is under way to come to an end. */
    constructor(
        private readonly interruption: AbortController,
        private readonly onEngineGone: () => void,
    ) {}

    readonly service: UntypedServiceImplementation = {
        handshake: unary(async (request: ProviderHandshakeRequest) => {
            this.connect(request.getEngineAddress());
            return new ProviderHandshakeResponse().setAcceptSecrets(true);
        }),
        attach: unary(async (request: PluginAttach) => {
            this.connect(request.getAddress());
            return new Empty();
        }),
        getPluginInfo: unary(async () => {
            const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
            return new PluginInfo().setVersion(version);
        }),
        getSchema: unary(async () =>
            new GetSchemaResponse().setSchema(await readFile(join(ROOT, "plugin", "schema.json"), "utf8")),
        ),
        checkConfig: unary(async (request: CheckRequest) => {
            const { checkedConfiguration, settingsOf } = await import("./configuration.js");
            const given = unpacked(request.getNews());
            return new CheckResponse()
                .setInputs(packed(checkedConfiguration(given)))
                .setFailuresList(
                    settingsOf(given).problems.map((reason) => new CheckFailure().setReason(reason)),
                );
        }),
        diffConfig: unary(async (request: DiffRequest) => {
            const { changedSettings } = await import("./configuration.js");
            const changed = changedSettings(unpacked(request.getOlds()), unpacked(request.getNews()));
            const { DIFF_SOME, DIFF_NONE } = DiffResponse.DiffChanges;
            return new DiffResponse()
                .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
                .setDiffsList(changed);
        }),
        configure: unary(async (request: ConfigureRequest) => {
            const { settingsOf } = await import("./configuration.js");
            this.settings = settingsOf(unpacked(request.getArgs())).settings;
            this.calls = undefined;
            return new ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
        }),
        check: unary(async (request: CheckRequest) => await (await this.resources()).check(request)),
        diff: unary(async (request: DiffRequest) => await (await this.resources()).diff(request)),
        create: unary(async (request: CreateRequest) => await (await this.resources()).create(request)),
        read: unary(async (request: ReadRequest) => await (await this.resources()).read(request)),
        update: unary(async (request: UpdateRequest) => await (await this.resources()).update(request)),
        delete: unary(async (request: DeleteRequest) => {
            await (await this.resources()).delete(request);
            return new Empty();
        }),
        cancel: unary(async () => {
            this.interruption.abort(new Error("the engine was told to cancel"));
            return new Empty();
        }),
    };

    /** Loaded with the first call that needs them: the engine waits for the port, and a schema needs no client. */
    private resources(): Promise<ResourceCalls> {
        this.calls ??= import("./resourceCalls.js").then(
            ({ ResourceCalls }) =>
                new ResourceCalls(this.settings, (urn) => this.logOf(urn), this.interruption.signal),
        );
        return this.calls;
    }

    private logOf(urn: string): Log {
        return this.engineLog?.of(urn) ?? { info: async () => {}, warn: async () => {} };
    }

    private connect(address: string): void {
        this.engineLog = new EngineLog(address);
        watchEngine(address, this.onEngineGone);
    }
}

function unary<Request, Response>(
    answer: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
    return ({ request }, respond) => {
        answer(request).then(
            (response) => respond(null, response),
            (error: unknown) => respond(responseOf(error)),
        );
    };
}
