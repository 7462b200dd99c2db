import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { isOlder } from "../../examples/sandbox/go";
import { install, type Place } from "../../examples/sandbox/programCache";
import { findPrograms, type ProgramName } from "../../examples/sandbox/programs";
import { fakePrograms, testFolder } from "../support/fakePrograms";

/** A `go` that answers our questions about it, and builds as the script says. */
function fakeGo(version: string, build: string): string {
    return `case "$*" in
        "env GOVERSION GOTOOLCHAIN") echo ${version}; echo local;;
        "env GOPROXY") echo https://modules.example.com;;
        "list -m"*) echo "$PWD";;
        build*) ${build};;
    esac`;
}

/** Builds by writing a script into the file that was asked for. */
const BUILDS = 'while [ "$1" != -o ]; do shift; done; echo "#!/bin/sh" > "$2"; chmod +x "$2"';

let cache: string;
beforeEach(() => {
    cache = testFolder();
    vi.stubEnv("PULUMI_LLMOS_CACHE", cache);
    vi.stubEnv("KUBEBUILDER_ASSETS", "");
    return () => vi.unstubAllEnvs();
});

/** Finds programs with nothing on PATH but the fake ones and what their scripts call. */
async function find(names: ProgramName[], folders: string[], lines: string[] = []) {
    vi.stubEnv("PATH", [...folders, "/usr/bin", "/bin"].join(":"));
    return findPrograms(names, { log: (line) => lines.push(line) });
}

describe("programs on PATH", () => {
    it("are taken when they are new enough", async () => {
        const folder = fakePrograms({ etcd: "echo etcd Version: 3.5.21" });
        expect((await find(["etcd"], [folder])).etcd).toMatchObject({ origin: "PATH", folder });
    });

    it("are looked for in KUBEBUILDER_ASSETS first", async () => {
        const assets = fakePrograms({ "kube-apiserver": "echo Kubernetes v1.33.0" });
        const other = fakePrograms({ "kube-apiserver": "echo Kubernetes v1.35.0" });
        vi.stubEnv("KUBEBUILDER_ASSETS", assets);
        expect((await find(["kube-apiserver"], [other]))["kube-apiserver"]?.folder).toBe(assets);
    });

    it.each([
        ["too old", "echo etcd Version: 3.4.23", /it is version 3\.4, and 3\.5 or newer is needed/],
        ["older by far", "echo etcd Version: 2.9.0", /it is version 2\.9, and 3\.5 or newer is needed/],
        ["silent about their version", "echo etcd of mine", /does not tell its version/],
        ["broken", "exit 1", /does not tell its version/],
    ])("are not taken when %s, and that is said", async (_what, etcd, reason) => {
        const folder = fakePrograms({ etcd, go: fakeGo("go1.26.0", BUILDS) });
        const lines: string[] = [];
        expect((await find(["etcd"], [folder], lines)).etcd?.origin).toBe("cache");
        expect(lines.join("\n")).toMatch(reason);
    });
});

describe("the engine", () => {
    const engine: ProgramName[] = ["pulumi", "pulumi-language-nodejs"];
    const companions = { "pulumi-language-nodejs": "", "pulumi-resource-pulumi-nodejs": "" };

    it("is taken from PATH with the programs that lie beside it, through links too", async () => {
        const real = fakePrograms({ pulumi: "echo v3.200.1", ...companions });
        const linked = testFolder();
        symlinkSync(join(real, "pulumi"), join(linked, "pulumi"));
        const found = await find(engine, [linked]);
        expect(found.pulumi).toMatchObject({ origin: "PATH", folder: linked });
        expect(found["pulumi-language-nodejs"]).toMatchObject({ origin: "PATH", folder: real });
    });

    it("is not mixed: ours comes with our language host although PATH has one", async () => {
        const folder = fakePrograms({ pulumi: "echo v3.199.0", ...companions });
        await expect(find(engine, [folder])).rejects.toThrow(/with Go: pulumi-language-nodejs, pulumi$/m);
    });
});

describe("building", () => {
    it("happens once, one program after another, and needs no Go later", async () => {
        const folder = fakePrograms({ go: fakeGo("go1.26.0", `echo "$*" >> "${cache}/builds"; ${BUILDS}`) });
        const names: ProgramName[] = ["etcd", "versitygw"];
        const found = await find(names, [folder]);
        expect(found.etcd?.file.startsWith(join(cache, "sandbox", "etcd-v"))).toBe(true);
        const again = await find(names, []);
        expect(again).toEqual(found);
        const builds = readFileSync(join(cache, "builds"), "utf8").trim().split("\n");
        expect(builds.map((line) => line.split(" ").pop())).toEqual([
            "go.etcd.io/etcd/server/v3",
            "github.com/versity/versitygw/cmd/versitygw",
        ]);
    });

    it.each([
        ["Go is too old", fakeGo("go1.20.3", BUILDS), /Go 1\.20\.3 is too old.*install Go 1\.\d+/s],
        [
            "the modules cannot be had",
            fakeGo(
                "go1.26.0",
                'echo "Get https://x: dial tcp 192.0.2.1:443: connect: connection refused"; exit 1',
            ),
            /could not be downloaded.*GOPROXY=https:\/\/modules\.example\.com.*check the network.*\| Get https/s,
        ],
        [
            "the build fails",
            fakeGo("go1.26.0", 'echo "link: signal: killed"; exit 1'),
            /etcd v\S+ could not be built \(exit code 1\).*\| link: signal: killed/s,
        ],
    ])("fails with what to do next when %s, and leaves nothing half done", async (_what, go, message) => {
        await expect(find(["etcd"], [fakePrograms({ go })])).rejects.toThrow(message);
        expect(existsSync(join(cache, "sandbox")) ? readdirSync(join(cache, "sandbox")) : []).toEqual([]);
    });
});

describe("the cache", () => {
    const program = (): Place => {
        const folder = join(cache, "sandbox", "etcd-v1-abc");
        return { folder, file: join(folder, "etcd") };
    };
    const lock = () => `${program().folder}.lock`;

    it("is filled by one of two runs, while the other waits", async () => {
        let builds = 0;
        const waiting = vi.fn();
        const build = async (folder: string) => {
            builds += 1;
            await sleep(100);
            writeFileSync(join(folder, "etcd"), "");
        };
        await Promise.all([install(program(), build, waiting), install(program(), build, waiting)]);
        expect(builds).toBe(1);
        expect(waiting).toHaveBeenCalledExactlyOnceWith(process.pid);
        expect(readdirSync(join(cache, "sandbox"))).toEqual(["etcd-v1-abc"]);
    });

    it("takes over from a run that was killed", async () => {
        mkdirSync(`${program().folder}.partial-old`, { recursive: true });
        // No process has this id: it is beyond what any system gives.
        writeFileSync(lock(), "2147483646");
        await install(program(), async (folder) => writeFileSync(join(folder, "etcd"), ""), vi.fn());
        expect(readdirSync(join(cache, "sandbox"))).toEqual(["etcd-v1-abc"]);
    });
});

describe("versions of Go", () => {
    it.each([
        ["1.24", "1.25.11", true],
        ["1.25.10", "1.25.11", true],
        ["1.25.11", "1.25.11", false],
        ["1.26rc1", "1.25.11", false],
        ["1.9.7", "1.10", true],
    ])("%s is older than %s: %s", (version, than, older) => {
        expect(isOlder(version, than)).toBe(older);
    });
});
