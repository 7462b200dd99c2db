import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { environmentOf } from "../../examples/sandbox/environment";
import { isOlder } from "../../examples/sandbox/go";
import { install, type Place } from "../../examples/sandbox/programCache";
import { envtestPlaces } from "../../examples/sandbox/programInstallers";
import { findPrograms, type ProgramName } from "../../examples/sandbox/programs";
import { fakePrograms, testFolder } from "../support/fakePrograms";
import { ROOT } from "../support/processes";

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
let home: string;
beforeEach(() => {
    cache = testFolder();
    home = testFolder();
    vi.stubEnv("PULUMI_LLMOS_CACHE", cache);
    vi.stubEnv("HOME", home);
    vi.stubEnv("XDG_DATA_HOME", "");
    vi.stubEnv("KUBEBUILDER_ASSETS", "");
    return () => vi.unstubAllEnvs();
});

/** Finds programs with nothing on PATH but the fake ones and what their scripts call. */
async function find(names: ProgramName[], folders: string[], lines: string[] = []) {
    vi.stubEnv("PATH", [...folders, "/usr/bin", "/bin"].join(":"));
    return findPrograms(names, { log: (line) => lines.push(line) });
}

/** Finds programs where none can be built: the machine's own Go is not on PATH. */
async function findWithoutGo(names: ProgramName[], folders: string[] = [], lines: string[] = []) {
    vi.stubEnv("PATH", folders.join(":"));
    return { found: await findPrograms(names, { log: (line) => lines.push(line) }), lines };
}

describe("programs on this machine", () => {
    it("are taken from PATH when their version is supported", async () => {
        const folder = fakePrograms({ etcd: "echo etcd Version: 3.5.21" });
        const { found, lines } = await findWithoutGo(["etcd"], [folder]);
        expect(found.etcd).toMatchObject({ origin: "PATH", folder });
        expect(lines).toEqual([]);
    });

    it("are taken from KUBEBUILDER_ASSETS before PATH", async () => {
        const assets = fakePrograms({ "kube-apiserver": "echo Kubernetes v1.33.0" });
        const other = fakePrograms({ "kube-apiserver": "echo Kubernetes v1.35.0" });
        vi.stubEnv("KUBEBUILDER_ASSETS", assets);
        const { found } = await findWithoutGo(["kube-apiserver"], [other]);
        expect(found["kube-apiserver"]).toMatchObject({ origin: "KUBEBUILDER_ASSETS", folder: assets });
    });

    it.each([
        [
            "too old",
            "echo etcd Version: 3.4.23",
            /etcd from PATH is not used: it is version 3\.4, and 3\.5 or newer/,
        ],
        ["older by far", "echo etcd Version: 2.9.0", /it is version 2\.9, and 3\.5 or newer is needed/],
        ["too new", "echo etcd Version: 4.0.0", /it is version 4\.0, .* older than 4\.0 \(/],
        ["silent about their version", "echo etcd of mine", /does not tell its version/],
        ["broken", "exit 1", /does not tell its version/],
    ])("are not taken when %s, and that is said", async (_what, etcd, reason) => {
        const folder = fakePrograms({ etcd, go: fakeGo("go1.26.0", BUILDS) });
        const lines: string[] = [];
        expect((await find(["etcd"], [folder], lines)).etcd?.origin).toBe("cache");
        expect(lines[0]).toMatch(reason);
        expect(lines[0]).toContain(join(folder, "etcd"));
    });

    it("are looked for further when one is not supported, which is said once for each file", async () => {
        const old = fakePrograms({ etcd: "echo etcd Version: 3.4.0" });
        vi.stubEnv("KUBEBUILDER_ASSETS", old);
        const { origin, folder } = storedByEnvtest("1.34.1", "etcd Version: 3.6.4");
        const { found, lines } = await findWithoutGo(["etcd"], [old]);
        expect(found.etcd).toMatchObject({ origin, folder });
        expect(lines).toHaveLength(1);
        expect(lines[0]).toContain("etcd from KUBEBUILDER_ASSETS is not used");
    });

    it("come before the cache, and what is skipped is said with a filled cache too", async () => {
        const go = fakePrograms({ go: fakeGo("go1.26.0", BUILDS) });
        await find(["etcd"], [go]);
        const folder = fakePrograms({ etcd: "echo etcd Version: 3.4.0" });
        const { found, lines } = await findWithoutGo(["etcd"], [folder]);
        expect(found.etcd?.origin).toBe("cache");
        expect(lines).toHaveLength(1);
        fakePrograms({ etcd: "echo etcd Version: 3.6.0" }, folder);
        expect((await findWithoutGo(["etcd"], [folder])).found.etcd?.origin).toBe("PATH");
    });
});

/** Puts programs where setup-envtest would, each saying this of its version. */
function storedByEnvtest(version: string, says: string, machine = thisMachine()) {
    const store =
        process.platform === "darwin"
            ? join(home, "Library", "Application Support", "io.kubebuilder.envtest")
            : join(process.env["XDG_DATA_HOME"] || join(home, ".local", "share"), "kubebuilder-envtest");
    const folder = join(store, "k8s", `${version}-${machine}`);
    fakePrograms({ etcd: `echo ${says}`, "kube-apiserver": `echo ${says}` }, folder);
    return { origin: "setup-envtest", folder };
}

function thisMachine(): string {
    return `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
}

describe("the store of setup-envtest", () => {
    it("gives its newest supported version", async () => {
        storedByEnvtest("1.29.5", "Kubernetes v1.29.5");
        storedByEnvtest("1.9.0", "Kubernetes v1.9.0");
        const newest = storedByEnvtest("1.34.10", "Kubernetes v1.34.10");
        storedByEnvtest("1.34.9", "Kubernetes v1.34.9");
        storedByEnvtest("2.0.0", "Kubernetes v2.0.0");
        const { found, lines } = await findWithoutGo(["kube-apiserver"]);
        expect(found["kube-apiserver"]).toMatchObject(newest);
        expect(lines.join("\n")).toMatch(
            /^ {2}kube-apiserver from setup-envtest is not used: it is version 2\.0, .*$/,
        );
    });

    it("is of use only with programs of this kind of machine, and with a whole folder of them", async () => {
        const other = process.platform === "darwin" ? "linux-amd64" : "darwin-arm64";
        storedByEnvtest("1.35.0", "Kubernetes v1.35.0", other);
        storedByEnvtest("1.36.0", "Kubernetes v1.36.0", `${thisMachine()}-partial`);
        const { folder } = storedByEnvtest("1.33.0", "Kubernetes v1.33.0");
        expect((await findWithoutGo(["kube-apiserver"])).found["kube-apiserver"]?.folder).toBe(folder);
    });

    it.runIf(process.platform === "linux")("lies in XDG_DATA_HOME where that is set", async () => {
        vi.stubEnv("XDG_DATA_HOME", testFolder());
        const { folder } = storedByEnvtest("1.34.1", "etcd Version: 3.6.4");
        expect((await findWithoutGo(["etcd"])).found.etcd?.folder).toBe(folder);
    });

    it("lies in the folder for application data on macOS", () => {
        const folder = join(home, "Library", "Application Support", "io.kubebuilder.envtest", "k8s");
        mkdirSync(join(folder, "1.34.1-darwin-arm64"), { recursive: true });
        expect(envtestPlaces("darwin", "arm64")).toEqual([
            { origin: "setup-envtest", folders: [join(folder, "1.34.1-darwin-arm64")] },
        ]);
    });
});

describe("the engine", () => {
    const engine: ProgramName[] = ["pulumi", "pulumi-language-nodejs"];
    const companions = { "pulumi-language-nodejs": "", "pulumi-resource-pulumi-nodejs": "" };

    it("is taken from PATH with the programs that lie beside it, through links too", async () => {
        const real = fakePrograms({ pulumi: "echo v3.200.1", ...companions });
        const linked = testFolder();
        symlinkSync(join(real, "pulumi"), join(linked, "pulumi"));
        const { found } = await findWithoutGo(engine, [linked]);
        expect(found.pulumi).toMatchObject({ origin: "PATH", folder: linked });
        expect(found["pulumi-language-nodejs"]).toMatchObject({ origin: "PATH", folder: real });
    });

    it("is taken from where its installer leaves it, and is then the one that a shell finds", async () => {
        const old = fakePrograms({ pulumi: "echo v3.100.0", ...companions });
        const installed = fakePrograms(
            { pulumi: "echo v3.250.0", ...companions },
            join(home, ".pulumi", "bin"),
        );
        const { found, lines } = await findWithoutGo(engine, [old]);
        expect(found.pulumi).toMatchObject({ origin: "~/.pulumi/bin", folder: installed });
        expect(found["pulumi-language-nodejs"]).toMatchObject({ origin: "~/.pulumi/bin", folder: installed });
        expect(lines.join("\n")).toMatch(/^ {2}pulumi from PATH is not used: it is version 3\.100, .*$/);
        const { PATH } = await environmentOf(testFolder(), "", found);
        expect(PATH?.split(":").slice(0, 2)).toEqual([installed, old]);
    });

    it("of PATH does not put its folder before others", async () => {
        const folder = fakePrograms({ pulumi: "echo v3.250.0", ...companions });
        const { found } = await findWithoutGo(engine, [testFolder(), folder]);
        expect((await environmentOf(testFolder(), "", found))["PATH"]).toBe(process.env["PATH"]);
    });

    it("is not taken without the programs that belong to it", async () => {
        const folder = fakePrograms({ pulumi: "echo v3.250.0", go: fakeGo("go1.26.0", "exit 1") });
        const lines: string[] = [];
        await expect(find(engine, [folder], lines)).rejects.toThrow(/could not be built/);
        expect(lines[0]).toContain("is not used: pulumi-language-nodejs does not lie beside it");
    });

    it("is not mixed: ours comes with our language host although PATH has one", async () => {
        const folder = fakePrograms({ pulumi: "echo v3.199.0", ...companions });
        await expect(findWithoutGo(engine, [folder])).rejects.toThrow(
            /with Go: pulumi-language-nodejs, pulumi$/m,
        );
    });
});

describe("before a first build", () => {
    const go = () => fakePrograms({ go: fakeGo("go1.26.0", BUILDS) });
    const INSTALL_PULUMI = "    Pulumi: https://www.pulumi.com/docs/install/";
    const USE_ENVTEST =
        /^ {4}etcd and kube-apiserver: export KUBEBUILDER_ASSETS="\$\(go run sigs\.k8s\.io\/\S+\/setup-envtest@latest use 1\.\d+\.x --print path\)"$/;

    it("what would be faster is said, once for each way and for no program that nobody offers", async () => {
        const lines: string[] = [];
        await find(["etcd", "kube-apiserver", "versitygw"], [go()], lines);
        const first = lines.findIndex((line) => line.includes("built etcd"));
        expect(lines.slice(0, first)).toEqual([
            expect.stringMatching(
                /^ {2}Programs are to be built, once\. With access to the internet it is faster/,
            ),
            "  ready-made, and run this again:",
            expect.stringMatching(USE_ENVTEST),
            "  Only versitygw is built then, which takes about a minute.",
        ]);
        expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain(lines[2]?.split(": ").pop());
    });

    it("the way for the engine stands once for its two programs, and where Go is missing too", async () => {
        const lines: string[] = [];
        await expect(findWithoutGo(["pulumi", "pulumi-language-nodejs"], [], lines)).rejects.toThrow(
            /Go is not installed/,
        );
        expect(lines.slice(2)).toEqual([INSTALL_PULUMI]);
    });

    it("nothing is said when only that is built which nobody offers, and nothing once all is there", async () => {
        const lines: string[] = [];
        await find(["versitygw"], [go()], lines);
        await findWithoutGo(["versitygw"], [], lines);
        expect(lines).toEqual([expect.stringContaining("built versitygw")]);
    });
});

describe("building", () => {
    it("happens once, one program after another, and needs no Go later", async () => {
        const folder = fakePrograms({ go: fakeGo("go1.26.0", `echo "$*" >> "${cache}/builds"; ${BUILDS}`) });
        const names: ProgramName[] = ["etcd", "versitygw"];
        const found = await find(names, [folder]);
        expect(found.etcd?.file.startsWith(join(cache, "sandbox", "etcd-v"))).toBe(true);
        expect((await findWithoutGo(names)).found).toEqual(found);
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
