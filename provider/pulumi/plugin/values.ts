/** Properties as engine and plugin exchange them: a `Struct`, in which a secret is an object that wraps the value. */
import type { Field, Table } from "../../description/fields";
import type { Properties } from "../../lifecycle";
import { received } from "../wire";
import { Struct } from "./protocol";

/** The key that tells a wrapped value, and what stands there for a secret (pulumi/pulumi, sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** As they came, with the secrets in them wrapped. */
export function unpacked(struct: Struct | undefined): Properties {
    return struct ? (struct.toJavaScript() as Properties) : {};
}

/** To be sent. Takes no `undefined`. */
export function packed(properties: Properties): Struct {
    return Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** What the lifecycles take: secrets in clear, and the engine's sentinels as UNKNOWN. */
export function opened(properties: Properties): Properties {
    return received(withoutWrapping(properties) as Properties);
}

/**
 * What the engine is given: secret is what the description says is, and whatever was a secret in the properties that it
 * comes from.
 */
export function sealed(properties: Properties, fields: Table, origin: Properties): Properties {
    return mapped(properties, (name, value) => sealedValue(value, fields[name], origin[name]));
}

function sealedValue(
    value: unknown,
    field: Pick<Field<unknown>, "kind" | "secret"> | undefined,
    origin: unknown,
): unknown {
    if (isSecret(value)) {
        return value;
    }
    if (field?.secret || isSecret(origin)) {
        return { [SIGNATURE]: SECRET, value: withoutWrapping(value) };
    }
    if (Array.isArray(value)) {
        const element = field?.kind.element && { kind: field.kind.element };
        const origins: unknown[] = Array.isArray(origin) ? origin : [];
        return value.map((each, index) => sealedValue(each, element, origins[index]));
    }
    const origins = isObject(origin) ? origin : {};
    return isObject(value) ? sealed(value, field?.kind.fields ?? {}, origins) : value;
}

function withoutWrapping(value: unknown): unknown {
    if (isSecret(value)) {
        return withoutWrapping(value["value"]);
    }
    if (Array.isArray(value)) {
        return value.map(withoutWrapping);
    }
    return isObject(value) ? mapped(value, (_name, each) => withoutWrapping(each)) : value;
}

function isSecret(value: unknown): value is Properties {
    return isObject(value) && value[SIGNATURE] === SECRET;
}

function isObject(value: unknown): value is Properties {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapped(object: Properties, map: (name: string, value: unknown) => unknown): Properties {
    return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]));
}
