/** The calls of the engine about one resource: the driver's verbs, and what only a plugin is told or can tell. */
import {
    CheckFailure,
    type CheckRequest,
    CheckResponse,
    type CreateRequest,
    CreateResponse,
    type DeleteRequest,
    type DiffRequest,
    DiffResponse,
    PropertyDiff,
    type ReadRequest,
    ReadResponse,
    type UpdateRequest,
    UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { concernServers } from "../../description/comparison";
import type { Table } from "../../description/fields";
import { type AnyLifecycle, type Context, type Log, PartialFailure, type Properties } from "../../lifecycle";
import { realContext } from "../../lifecycle/context";
import * as driver from "../../lifecycle/driver";
import { ownerOf } from "../../lifecycle/owner";
import type { Settings } from "../../lifecycle/settings";
import { lifecycleOf } from "../../resources";
import { partsOf } from "../urn";
import { UNKNOWN_SENTINEL } from "../wire";
import { type PathChange, pathChanges } from "./detailedDiff";
import { Planned } from "./planned";
import { opened, packed, sealed, unpacked } from "./values";

/** What is said of one resource goes there. */
export type LogOf = (urn: string) => Log;

export class ResourceCalls {
    private readonly context: Context;
    private readonly planned = new Planned();

    constructor(
        settings: Settings,
        private readonly logOf: LogOf,
        interruption: AbortSignal,
    ) {
        this.context = realContext(settings, logOf(""), interruption);
    }

    async check(request: CheckRequest): Promise<CheckResponse> {
        const { lifecycle, fields, context, owner, name } = this.resource(request);
        const sent = unpacked(request.getNews());
        const given = { ...namedAfter(name, fields), ...sent, owner };
        const news = opened(given);
        const awaits = this.planned.awaitedIn(fields, news);
        const { inputs, failures } = await driver.check(
            lifecycle,
            context,
            opened(unpacked(request.getOlds())),
            awaits ? { ...news, awaits } : news,
        );
        this.planned.note(lifecycle.type, inputs ?? news);
        const { awaits: _told, ...checked } = { ...given, ...inputs } as Properties;
        return (
            new CheckResponse()
                .setInputs(packed(sealed(checked, fields, sent)))
                // The engine prints the value of a property that it is given the name of: no name, so that no key is printed.
                .setFailuresList(failures.map((reason) => new CheckFailure().setReason(reason)))
        );
    }

    async diff(request: DiffRequest): Promise<DiffResponse> {
        const { lifecycle, fields } = this.resource(request);
        const olds = opened(unpacked(request.getOlds()));
        const news = opened(unpacked(request.getNews()));
        const difference = driver.diff(lifecycle, olds, news);
        const { changes, replaces, deleteBeforeReplace } = difference;
        const { DIFF_SOME, DIFF_NONE } = DiffResponse.DiffChanges;
        const response = new DiffResponse()
            .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
            .setDiffsList(changes.map((change) => change.name))
            .setReplacesList([...replaces])
            .setDeletebeforereplace(deleteBeforeReplace)
            .setHasdetaileddiff(true);
        for (const change of pathChanges(difference, olds, news, (name) => name in fields)) {
            response.getDetaileddiffMap().set(change.path, new PropertyDiff().setKind(kindOf(change)));
        }
        return response;
    }

    async create(request: CreateRequest): Promise<CreateResponse> {
        const { lifecycle, context, all } = this.resource(request);
        const sent = unpacked(request.getProperties());
        if (request.getPreview()) {
            const outputs = { ...unknownOf(lifecycle), ...sent };
            return new CreateResponse().setProperties(packed(sealed(outputs, all, sent)));
        }
        const { id, outputs } = await keeping(all, sent, () =>
            driver.create(lifecycle, context, opened(sent)),
        );
        return new CreateResponse().setId(id).setProperties(packed(sealed(outputs, all, sent)));
    }

    async read(request: ReadRequest): Promise<ReadResponse> {
        const { lifecycle, context, all } = this.resource(request);
        const id = request.getId();
        const state = unpacked(request.getProperties());
        const seen = await driver.read(lifecycle, context, id, opened(state));
        if (!seen) {
            // Without an id it is gone.
            return new ReadResponse();
        }
        const origin = { ...unpacked(request.getInputs()), ...state };
        return new ReadResponse()
            .setId(id)
            .setInputs(packed(sealed(seen.inputs, all, origin)))
            .setProperties(packed(sealed(seen.outputs, all, origin)));
    }

    async update(request: UpdateRequest): Promise<UpdateResponse> {
        const { lifecycle, context, all } = this.resource(request);
        const state = unpacked(request.getOlds());
        const sent = unpacked(request.getNews());
        const [olds, news] = [opened(state), opened(sent)];
        if (request.getPreview()) {
            const { changes } = driver.diff(lifecycle, olds, news);
            const computed =
                changes.length > 0 && !concernServers(changes)
                    ? keptOf(lifecycle, state)
                    : unknownOf(lifecycle);
            return new UpdateResponse().setProperties(packed(sealed({ ...computed, ...sent }, all, sent)));
        }
        const outputs = await keeping(all, sent, () =>
            driver.update(lifecycle, context, request.getId(), olds, news),
        );
        return new UpdateResponse().setProperties(packed(sealed(outputs, all, sent)));
    }

    async delete(request: DeleteRequest): Promise<void> {
        const { lifecycle, context } = this.resource(request);
        await driver.remove(lifecycle, context, request.getId(), opened(unpacked(request.getProperties())));
    }

    private resource(request: { getUrn(): string }) {
        const urn = request.getUrn();
        const { project, stack, qualifiedType, name } = partsOf(urn);
        const lifecycle = lifecycleOf(qualifiedType.split(":").at(-1) ?? "");
        const fields = lifecycle.fields as Table;
        return {
            lifecycle,
            fields,
            /** Arguments and all that is computed. */
            all: { ...fields, ...(lifecycle.computed as Table) },
            owner: ownerOf(project, stack, qualifiedType, name),
            name,
            context: { ...this.context, log: this.logOf(urn) },
        };
    }
}

/** The arguments that are the name of the resource unless the program gives them. */
function namedAfter(resource: string, fields: Table): Properties {
    const named = Object.entries(fields).filter(([, { presence }]) => presence === "named");
    return Object.fromEntries(named.map(([name]) => [name, resource]));
}

/** What preview cannot tell of a resource that is created, or whose servers are told something. */
function unknownOf({ computed }: AnyLifecycle): Properties {
    return Object.fromEntries(Object.keys(computed).map((name) => [name, UNKNOWN_SENTINEL]));
}

function keptOf({ computed }: AnyLifecycle, state: Properties): Properties {
    return Object.fromEntries(Object.entries(state).filter(([name]) => name in computed));
}

/** The state of a partial failure, as it is to be sent. */
async function keeping<T>(all: Table, sent: Properties, act: () => Promise<T>): Promise<T> {
    try {
        return await act();
    } catch (error) {
        if (error instanceof PartialFailure) {
            const state = sealed(error.state as Properties, all, sent);
            throw new PartialFailure(error.id, state, error.reason);
        }
        throw error;
    }
}

function kindOf({ kind, replaces }: PathChange) {
    const { ADD, UPDATE, DELETE, ADD_REPLACE, UPDATE_REPLACE, DELETE_REPLACE } = PropertyDiff.Kind;
    const [inPlace, replacing] = {
        add: [ADD, ADD_REPLACE] as const,
        update: [UPDATE, UPDATE_REPLACE] as const,
        delete: [DELETE, DELETE_REPLACE] as const,
    }[kind];
    return replaces ? replacing : inPlace;
}
