import { describe, expect, it } from "vitest";
import type { BucketCorsInputs, BucketCorsState } from "../../../provider/resources/bucketCors/description";
import { bucketCors } from "../../../provider/resources/bucketCors/lifecycle";
import type { CorsRule } from "../../../provider/s3/cors/rule";
import { diffOf } from "../../support/difference";

const PAGE = "https://llmos.example.com";
const inputs: BucketCorsInputs = {
    bucket: "models",
    endpoint: "s3.registry.com:5000",
    credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" },
    allowedOrigins: [PAGE, "https://second.example.com"],
    adopt: false,
};
/** As Ceph gives it back: another order, an id of its own. */
const stored: CorsRule = {
    id: "made-by-server",
    allowedOrigins: ["https://second.example.com", PAGE],
    allowedMethods: ["HEAD", "GET", "PUT", "POST", "DELETE"],
    allowedHeaders: ["*"],
    exposeHeaders: ["etag"],
};

const state: BucketCorsState = {
    ...inputs,
    enforcedBy: "bucket",
    checks: [],
    storedRules: [stored],
    writtenRules: [stored],
};
const none = new Set<string>();

const first: CorsRule = { allowedOrigins: [PAGE], allowedMethods: ["GET"] };
const second: CorsRule = { allowedOrigins: ["*"], allowedMethods: ["HEAD"] };

describe("diff of a BucketCors", () => {
    it.each<[string, Partial<BucketCorsInputs>, string[], string[], string[]?]>([
        ["nothing", {}, [], []],
        ["the order of origins", { allowedOrigins: ["https://second.example.com", PAGE] }, [], []],
        ["the origins", { allowedOrigins: [PAGE] }, ["allowedOrigins"], []],
        ["bucket", { bucket: "others" }, ["bucket"], ["bucket"]],
        ["endpoint", { endpoint: "s3.registry.com" }, ["endpoint"], []],
        ["keys", { credentials: { secretName: "s" } }, ["credentials"], []],
        ["region", { region: "eu-central-1" }, ["region"], []],
        ["addressing", { addressing: "virtual" }, ["addressing"], []],
        ["caBundle", { caBundle: "PEM" }, ["caBundle"], []],
        [
            "what refresh and delete go by",
            { reachability: "off", awaits: ["name"], cluster: { context: "c" } },
            [],
            [],
            ["cluster", "reachability"],
        ],
        ["adopt, which removes the rules of others", { adopt: true }, ["adopt"], []],
    ])("with a change of %s", (_title, change, changes, replaces, stores = []) => {
        expect(diffOf(bucketCors, state, { ...inputs, ...change }, none)).toEqual({
            changes,
            stores,
            replaces,
        });
    });

    const { allowedOrigins: _origins, ...rest } = inputs;
    const own: BucketCorsState = {
        ...rest,
        enforcedBy: "bucket",
        checks: [],
        rules: [first, second],
        storedRules: [first, second],
        writtenRules: [first, second],
    };

    it.each<[string, CorsRule[], string[]]>([
        ["the same", [first, second], []],
        [
            "the same, in other words",
            [{ ...first, allowedMethods: ["GET", "GET"], allowedHeaders: [] }, second],
            [],
        ],
        ["in another order that decides nothing", [second, first], []],
        ["one less", [first], ["rules"]],
        ["with another method", [first, { ...second, allowedMethods: ["GET"] }], ["rules"]],
    ])("with rules that are %s", (_title, rules, changes) => {
        expect(diffOf(bucketCors, own, { ...rest, rules }, none)).toEqual({
            changes,
            stores: [],
            replaces: [],
        });
    });

    it("sees another order of rules that a request can both match", () => {
        const wide: CorsRule = {
            allowedOrigins: ["https://*.example.com"],
            allowedMethods: ["GET"],
            maxAgeSeconds: 5,
        };
        const rules = [first, wide];
        const swapped: BucketCorsState = { ...own, rules, storedRules: [wide, first] };
        expect(diffOf(bucketCors, swapped, { ...rest, rules }, none).changes).toEqual(["rules"]);
    });

    it("sees what somebody else has written", () => {
        expect(
            diffOf(bucketCors, { ...own, storedRules: [first] }, { ...rest, rules: [first, second] }, none)
                .changes,
        ).toEqual(["rules"]);
        expect(diffOf(bucketCors, { ...state, storedRules: [] }, inputs, none).changes).toEqual([
            "allowedOrigins",
        ]);
    });

    it("is the same for the guide's rule written out", () => {
        const { id: _id, ...rule } = stored;
        expect(diffOf(bucketCors, state, { ...rest, rules: [rule] }, none).changes).toEqual([]);
    });

    it("does not replace for what is still unknown", () => {
        const { bucket: _bucket, endpoint: _endpoint, ...known } = rest;
        const unknowns = new Set(["bucket", "endpoint", "allowedOrigins"]);
        expect(diffOf(bucketCors, state, known, unknowns)).toEqual({
            changes: ["bucket", "endpoint", "allowedOrigins"],
            replaces: [],
            stores: [],
        });
    });
});

describe("validate of a BucketCors", () => {
    const told = (given: Partial<BucketCorsInputs>, unknowns: string[]) =>
        bucketCors.validate?.(given, new Set(unknowns)).map(({ severity, found }) => [severity, found]);

    const NEITHER = ["error", "Neither allowedOrigins nor rules is given"];
    const BOTH = ["error", "Both allowedOrigins and rules are given"];
    const OPEN = ["warning", 'A CORS rule allows writing from every origin ("*")'];
    const NO_UPLOAD = [
        "warning",
        "No CORS rule lets a browser put a file: none has the method PUT and the header content-type",
    ];
    it.each<[string, Partial<BucketCorsInputs>, string[], string[][]]>([
        ["origins", { allowedOrigins: [PAGE] }, [], []],
        ["rules that are unknown", {}, ["rules"], []],
        ["nothing at all", {}, [], [NEITHER]],
        ["reading from everywhere", { rules: [second] }, [], [NO_UPLOAD]],
        ["writing from everywhere", { allowedOrigins: [PAGE, "*"] }, [], [OPEN]],
        ["origins and rules", { allowedOrigins: [PAGE], rules: [first] }, [], [BOTH, NO_UPLOAD]],
        ["origins and rules that are unknown", { allowedOrigins: [PAGE] }, ["rules"], [BOTH]],
    ])("with %s", (_title, given, unknowns, findings) => {
        expect(told(given, unknowns)).toEqual(findings);
    });
});
