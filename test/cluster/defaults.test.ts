/** One default registry in the cluster: taken back when it is stolen, and one at the end of any claims. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Registry } from "../../provider";
import { Outside } from "../support/outside";
import { StackStandIn } from "../support/stackStandIn";

const REGISTRY = "/apis/ml.llmos.ai/v1/registries";
const FLAG = "ml.llmos.ai/is-default-registry";

const sandbox = inject("cluster");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const credentials = { accessKeyId, secretAccessKey };

let outside: Outside;

/** Sets the flag of one Registry as the LLMOS page does, which clears the others, or leaves them as they are. */
async function setFlag(name: string, value: "true" | "false"): Promise<void> {
    await outside.expect(200, "PATCH", `${REGISTRY}/${name}`, {
        metadata: { annotations: { [FLAG]: value } },
    });
}

async function marked(): Promise<string[]> {
    const { items } = await outside.expect(200, "GET", REGISTRY);
    return items
        .filter(({ metadata }: { metadata: { annotations?: Record<string, string> } }) => {
            return metadata.annotations?.[FLAG] === "true";
        })
        .map(({ metadata }: { metadata: { name: string } }) => metadata.name);
}

/** Somebody else's Registry, like an existing one. */
async function makeThief(of: string): Promise<void> {
    const { spec } = await outside.registry(of);
    const head = { apiVersion: "ml.llmos.ai/v1", kind: "Registry", metadata: { name: "thief" } };
    await outside.expect(201, "POST", REGISTRY, { ...head, spec });
}

function stackOf(name: string) {
    const stack = new StackStandIn(sandbox);
    const args = {
        endpoint,
        bucket: { name: `${name}-bucket` },
        credentials,
        cors: { unmanaged: true },
        default: true,
    };
    const program = () => void new Registry(name, args);
    return { refresh: () => stack.refresh(), up: () => stack.up(program), stack };
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
});
afterAll(async () => {
    await outside?.clear();
    outside?.s3.destroy();
});

test("a stolen default is seen on the flag, with the thief, and healed by one up", async () => {
    const { refresh, up, stack } = stackOf("first");
    expect((await up()).failed).toBe(false);
    await makeThief("first");
    await setFlag("thief", "true");
    await setFlag("first", "false");
    expect((await refresh()).done).toEqual(["refreshed first-default: isDefault, otherDefaults"]);
    expect(stack.resources.get("first-default")?.outputs).toMatchObject({
        isDefault: false,
        otherDefaults: ["thief"],
    });
    const healed = await up();
    expect(healed.done).toEqual(["updated first-default"]);
    expect(healed.told.join()).toContain('"thief" is no longer the default registry: "first" is.');
    expect(await marked()).toEqual(["first"]);
    await outside.clear();
});

test("a second default, and none, are seen on the flag and healed by one up", async () => {
    const { refresh, up } = stackOf("first");
    expect((await up()).failed).toBe(false);
    await makeThief("first");
    await setFlag("thief", "true");
    expect((await refresh()).done).toEqual(["refreshed first-default: isDefault, otherDefaults"]);
    const healed = await up();
    expect(healed.done).toEqual(["updated first-default"]);
    expect(healed.told.join()).toContain('"thief" is no longer the default registry: "first" is.');
    expect(await marked()).toEqual(["first"]);
    expect((await refresh()).done).toEqual([]);

    await setFlag("first", "false");
    expect((await refresh()).done, "nobody is the default").toEqual(["deleted first-default"]);
    expect((await up()).failed).toBe(false);
    expect(await marked()).toEqual(["first"]);
    await outside.clear();
});

test("a second stack that claims it has it, and the first one sees its drift", async () => {
    const [first, second] = [stackOf("first"), stackOf("second")];
    expect((await first.up()).failed).toBe(false);
    expect((await second.up()).failed).toBe(false);
    expect(await marked()).toEqual(["second"]);
    expect((await second.refresh()).done).toEqual([]);
    expect((await first.refresh()).done).toEqual(["refreshed first-default: isDefault, otherDefaults"]);
    expect((await first.up()).done).toEqual(["updated first-default"]);
    expect(await marked()).toEqual(["first"]);
});
