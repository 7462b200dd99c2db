/** What the SDK looks at of its surroundings, recorded as it happens: a release that looks at more fails here. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { answered, clientOf, commandsOf } from "../../support/s3Answers";

const surroundings = process.env;
const read = new Set<string>();

beforeAll(() => {
    process.env = new Proxy(surroundings, {
        get(target, name: string) {
            read.add(name);
            return target[name];
        },
        has(target, name: string) {
            read.add(name);
            return name in target;
        },
        ownKeys(target) {
            read.add("all of them");
            return Reflect.ownKeys(target);
        },
    });
});

afterAll(() => {
    process.env = surroundings;
});

/** What is read once by the loading of modules that are not used then. */
const ON_LOADING = ["AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA", "AWS_LAMBDA_BENCHMARK_MODE"];

test("nothing of AWS is read but the switch that this provider sets itself", async () => {
    const sdk = await import("@aws-sdk/client-s3");
    const commands = commandsOf(sdk);
    const sent: string[] = [];
    for (const answer of [
        () => answered(200, ""),
        () => answered(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        () => answered(400, "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"),
    ]) {
        const client = await clientOf((method) => {
            sent.push(method);
            return answer();
        });
        for (const command of commands) {
            await client.send(command as never).catch(() => undefined);
        }
    }
    // All of them came as far as to the server.
    expect(sent).toHaveLength(3 * commands.length);
    const ofAws = [...read].filter(
        (name) => /aws|amz|home|profile|all of them/i.test(name) && !ON_LOADING.includes(name),
    );
    expect(ofAws).toEqual(["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"]);
});
