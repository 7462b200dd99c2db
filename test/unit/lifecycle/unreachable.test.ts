import { expect, it } from "vitest";
import { type FindingCode, failure } from "../../../provider/finding";
import { settingsFindings } from "../../../provider/lifecycle/settings";
import { isOutOfReach, withOptIn } from "../../../provider/lifecycle/unreachable";

const finding = (code: FindingCode) =>
    failure(code, { found: "Found", where: "there", why: "Because.", next: "Do." }).finding;

it.each<[FindingCode, boolean]>([
    ["connection-refused", true],
    ["cluster-unreachable", true],
    ["cluster-other", true],
    ["access-denied", false],
    ["unknown-key", false],
    ["cluster-forbidden", false],
    ["no-such-bucket", false],
    ["s3-failed", false],
])("%s: out of reach is %s", (code, expected) => {
    expect(isOutOfReach(finding(code))).toBe(expected);
});

it("the opt-in is named in what to do next", () => {
    expect(withOptIn(finding("connection-refused")).next).toBe(
        "Do. If it is gone for good: with PULUMI_LLMOS_DELETE_UNREACHABLE=true in the environment, refresh and destroy forget what was there.",
    );
});

it("the stack configuration is held to the rules of the arguments", () => {
    expect(settingsFindings({ namespace: "llmos-system" })).toEqual([]);
    const found = settingsFindings({ caBundle: "/etc/ca.pem", namespace: "Models" }).map((one) => one.found);
    expect(found[0]).toMatch(/^The stack configuration "llmos:caBundle" holds no PEM certificate/);
    expect(found[1]).toMatch(/^The stack configuration "llmos:namespace" "Models" is not a Kubernetes name/);
});
