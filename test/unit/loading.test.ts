import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { BUILT_PACKAGE } from "./builtPackage";

/** The modules that a fresh process holds once it has loaded the package. */
function loadedBy(entry: string): string[] {
    const script = `require(${JSON.stringify(entry)}); console.log(JSON.stringify(Object.keys(require.cache)));`;
    return JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" })) as string[];
}

it("the plugin listens without the SDK, the lifecycles and their clients", () => {
    const loaded = loadedBy(join(BUILT_PACKAGE, "pulumi", "plugin", "server.js"));
    const ofSdk = loaded.filter((path) => path.includes("/@pulumi/pulumi/"));
    expect(ofSdk.filter((path) => !path.includes("/proto/"))).toEqual([]);
    expect(ofSdk.length).toBeGreaterThan(0);
    expect(loaded.filter((path) => /@aws-sdk|@smithy|@kubernetes|dist\/resources/.test(path))).toEqual([]);
});

it("a program that only declares resources does not load the clients of S3 and Kubernetes", () => {
    const loaded = loadedBy(BUILT_PACKAGE);
    expect(loaded.filter((path) => path.includes("/@pulumi/pulumi/")).length).toBeGreaterThan(0);
    expect(loaded.filter((path) => /@aws-sdk|@smithy|@kubernetes/.test(path))).toEqual([]);
});
