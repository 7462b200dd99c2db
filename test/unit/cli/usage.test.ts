/** The built command line, asked wrongly, asked for help, and with and without colours. Nothing here is on the network. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../../provider/cli/program";
import { RecordingTerminal } from "../../support/recordingTerminal";
import { BUILT_PACKAGE } from "../builtPackage";

const MAIN = join(BUILT_PACKAGE, "cli", "main.js");
const COLOUR_VARIABLES = ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CI"];

let folder: string;
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cli-usage-"));
    writeFileSync(join(folder, "empty.pem"), "no certificate\n");
    writeFileSync(
        join(folder, "broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    writeFileSync(join(folder, "index.ts"), "// somebody's own\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs it in the folder, without any setting of the one who runs the tests, and with a kubeconfig that is not there. */
function run(args: string[], environment: Record<string, string> = {}) {
    const inherited = Object.entries(process.env).filter(
        ([name]) => !COLOUR_VARIABLES.includes(name) && !name.startsWith("AWS_"),
    );
    const env = { ...Object.fromEntries(inherited), KUBECONFIG: join(folder, "nowhere"), ...environment };
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env,
        encoding: "utf8",
    });
    return { exitCode: status, stdout, stderr };
}

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "a-secret-key" };

describe("wrong usage ends with 2 and a sentence", () => {
    it.each<[string[], string]>([
        [["statsu"], "error: unknown command 'statsu'\n(Did you mean status?)\n"],
        [["docter"], "error: unknown command 'docter'\n(Did you mean doctor?)\n"],
        [["status", "--wtach"], "error: unknown option '--wtach'\n(Did you mean --watch?)\n"],
        [["doctor", "--orgin", "x"], "error: unknown option '--orgin'\n(Did you mean --origin?)\n"],
        [["status", "models"], "error: too many arguments for 'status'. Expected 0 arguments but got 1.\n"],
        [["status", "--context"], "error: option '--context <name>' argument missing\n"],
        [
            ["doctor", "--namespace", "LLMOS"],
            'error: --namespace "LLMOS" is not a Kubernetes name: at most 253 lower-case letters, digits, dots and hyphens, a letter or digit at both ends (RFC 1123).\n',
        ],
        [
            ["doctor", "--region", "us_east_1"],
            'error: --region "us_east_1" is not the name of a region: 1 to 63 letters, digits and hyphens, a letter or digit at both ends, for example "us-east-1".\n',
        ],
        [
            ["doctor", "--endpoint", "http://s3.registry.com:5000"],
            'error: --endpoint uses http; LLMOS supports only HTTPS endpoints. Write "s3.registry.com:5000".\n',
        ],
        [
            ["doctor", "--endpoint", "s3.registry.com", "--bucket", "My_Models"],
            'error: --bucket "My_Models" is not a bucket name: only lower-case letters, digits, dots and hyphens are allowed (S3 "Bucket naming rules").\n',
        ],
        [
            ["doctor", "--origin", "https://a.example.com", "--origin", "https://b.example.com/page"],
            'error: --origin "https://b.example.com/page" has a path; browsers send only scheme, host and port (RFC 6454). Write "https://b.example.com".\n',
        ],
        [
            ["doctor", "--bucket", "models"],
            "error: --bucket goes with --endpoint; a registry of the cluster has its own.\n",
        ],
        [
            ["doctor", "models", "--endpoint", "s3.registry.com"],
            'error: --endpoint is a store without a cluster, and "models" a registry in one: give one of them.\n',
        ],
        [
            ["doctor", "--endpoint", "s3.registry.com", "--context", "prod"],
            "error: option '--endpoint <host[:port]>' cannot be used with option '--context <name>'\n",
        ],
        [
            ["doctor", "--addressing", "pth"],
            "error: option '--addressing <style>' argument 'pth' is invalid. Allowed choices are auto, path, virtual.\n",
        ],
        [
            ["doctor", "--ca-bundle", "nowhere.pem"],
            "error: --ca-bundle: <folder>/nowhere.pem does not exist.\n",
        ],
        [
            ["adopt", "--ca-bundle", "empty.pem"],
            'error: --ca-bundle: <folder>/empty.pem holds no PEM certificate ("-----BEGIN CERTIFICATE-----").\n',
        ],
        [
            ["adopt", "--ca-bundle", "broken.pem"],
            "error: --ca-bundle: <folder>/broken.pem, certificate 1 of 1 cannot be parsed.\n",
        ],
        [["adopt", "--ca-bundle", "."], "error: --ca-bundle: <folder> cannot be read (EISDIR).\n"],
    ])("%j", async (args, stderr) => {
        // In this process: a new one for each takes its time.
        const terminal = new RecordingTerminal();
        const inFolder = args.map((word) => (/^\.$|\.pem$/.test(word) ? join(folder, word) : word));
        expect(await runCli(inFolder, terminal)).toBe(2);
        expect(terminal.stderr.replaceAll(folder, "<folder>")).toBe(stderr);
        expect(terminal.stdout).toBe("");
    });

    it("keys that are not whole, by the name of their variable and never by their value", () => {
        const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = KEYS;
        const asked = ["doctor", "--endpoint", "s3.invalid"];
        expect(run(asked, { AWS_ACCESS_KEY_ID })).toEqual({
            exitCode: 2,
            stdout: "",
            stderr: "error: AWS_SECRET_ACCESS_KEY is required and was not given.\n",
        });
        const newline = run(asked, { ...KEYS, AWS_SECRET_ACCESS_KEY: `${AWS_SECRET_ACCESS_KEY}\n` });
        expect(newline.exitCode).toBe(2);
        expect(newline.stderr).toMatch(/^error: AWS_SECRET_ACCESS_KEY ends with white space or a newline, /);
        expect(newline.stderr).not.toContain(AWS_SECRET_ACCESS_KEY);
    });

    it("temporary keys, by the name of the variable that makes them that", () => {
        const temporary = run(["doctor", "--endpoint", "s3.invalid"], {
            ...KEYS,
            AWS_SESSION_TOKEN: "a-session-token",
        });
        expect(temporary).toEqual({
            exitCode: 2,
            stdout: "",
            stderr: "error: AWS_SESSION_TOKEN is set: the keys are temporary, and a registry of LLMOS takes none that need a session token. Give lasting keys, and unset AWS_SESSION_TOKEN.\n",
        });
    });

    it("keys pasted into an address are not repeated", () => {
        const { exitCode, stderr } = run([
            "doctor",
            "--endpoint",
            "https://AKIAEXAMPLE:a-secret-key@s3.example.com",
        ]);
        expect({ exitCode, stderr }).toEqual({
            exitCode: 2,
            stderr: 'error: --endpoint holds credentials; they belong in "credentials". Write "s3.example.com".\n',
        });
    });
});

describe("what cannot be asked ends with 2 and the four lines of a finding", () => {
    it.each([["status"], ["doctor"], ["adopt", "--out", "elsewhere"]])("%s", (...args) => {
        expect(run([...args, "--kubeconfig", "nowhere"])).toEqual({
            exitCode: 2,
            stdout: "",
            stderr: `The kubeconfig cannot be used: there is no such file
  where: ${join(folder, "nowhere")}
  why:   The Registry object and its Secret live in the LLMOS cluster.
  next:  Correct it, or name another one: KUBECONFIG, the stack configuration "llmos:kubeconfig" (a path or the content), or the argument "cluster".
`,
        });
    });

    it("adopt refuses a folder with files of the same names before it asks anybody", () => {
        const before = readdirSync(folder);
        expect(run(["adopt"])).toEqual({
            exitCode: 2,
            stdout: "",
            stderr: `index.ts is there already
  where: ${folder}
  why:   Files that somebody wrote are never overwritten.
  next:  Choose another folder with --out, or move them away.
`,
        });
        expect(readdirSync(folder)).toEqual(before);
        expect(readFileSync(join(folder, "index.ts"), "utf8")).toBe("// somebody's own\n");
    });
});

it("a fault of our own is told as such, with its place, and ends with 2", async () => {
    const terminal = new RecordingTerminal();
    terminal.write = () => {
        throw new TypeError("x is not a function");
    };
    expect(await runCli(["--help"], terminal)).toBe(2);
    expect(terminal.stderr).toMatch(
        /^This is a fault of pulumi-llmos\. Please report it, with these lines:\nTypeError: x is not a function\n {4}at /,
    );
});

describe("help", () => {
    it("of the program goes to standard output and ends with 0; without a command it is an error", () => {
        const help = run(["--help"]);
        expect(help).toMatchObject({ exitCode: 0, stderr: "" });
        for (const word of ["doctor", "status", "adopt", "Exit code:", "NO_COLOR"]) {
            expect(help.stdout).toContain(word);
        }
        expect(run([])).toEqual({ exitCode: 2, stdout: "", stderr: help.stdout });
        expect(run(["help", "doctor"])).toEqual(run(["doctor", "--help"]));
    });

    it("tells the version of the package", () => {
        const { version } = JSON.parse(readFileSync(join(BUILT_PACKAGE, "..", "package.json"), "utf8"));
        expect(run(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
    });
});

describe("colours", () => {
    const ESCAPE = "\u001b[";

    it.each([
        ["not where the output is no terminal", {}, false],
        ["not in CI either", { CI: "true" }, false],
        ["where they are demanded", { FORCE_COLOR: "1" }, true],
        ["never with NO_COLOR", { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
    ])("%s", (_when, environment, coloured) => {
        expect(run(["--help"], environment).stdout.includes(ESCAPE)).toBe(coloured);
        expect(run(["statsu"], environment).stderr.includes(ESCAPE)).toBe(coloured);
        expect(run(["status"], environment).stderr.includes(ESCAPE)).toBe(coloured);
    });
});

it("help is there without Pulumi and without the clients of S3 and Kubernetes", () => {
    const script = `
        process.argv.splice(1, 0, "pulumi-llmos");
        process.stdout.write = () => true;
        process.on("exit", () => console.error(JSON.stringify(Object.keys(require.cache))));
        require(${JSON.stringify(MAIN)});
    `;
    const { stderr } = spawnSync(process.execPath, ["-e", script, "--", "--help"], { encoding: "utf8" });
    const loaded = JSON.parse(stderr) as string[];
    expect(loaded).toContain(join(BUILT_PACKAGE, "cli", "program.js"));
    expect(loaded.filter((path) => /@pulumi|dist\/pulumi|@aws-sdk|@smithy|@kubernetes/.test(path))).toEqual(
        [],
    );
});

it("no command needs Pulumi", () => {
    const modules = ["status", "adopt", "doctor"].map((name) => join(BUILT_PACKAGE, "cli", `${name}.js`));
    const script = `${JSON.stringify(modules)}.map(require); console.log(JSON.stringify(Object.keys(require.cache)));`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    const loaded = JSON.parse(stdout) as string[];
    expect(loaded).toEqual(expect.arrayContaining(modules));
    expect(loaded.filter((path) => /@pulumi|dist\/pulumi/.test(path))).toEqual([]);
});
