/** A real browser does what the LLMOS page does: it puts a file by a presigned link, reads the ETag, and gets it back. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Authority } from "../../examples/sandbox";
import { Registry, type RegistryArgs } from "../../provider";
import { Outside } from "../support/outside";
import { installed } from "../support/ownPackage";
import { ROOT } from "../support/processes";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;

/** 8 MiB of what no compression makes smaller. */
const CONTENT = randomBytes(8 * 1024 * 1024);

const stack = new StackStandIn(sandbox);

const program = () => {
    const common = { endpoint, credentials: { accessKeyId, secretAccessKey } };
    const registry = (name: string, cors: RegistryArgs["cors"]) =>
        new Registry(name, { ...common, bucket: { name: `${name}-bucket`, forceDestroy: true }, cors });
    registry("browsed", { allowedOrigins: [origin("localhost")] });
    registry("unbrowsed", { unmanaged: true });
};

/** As much of playwright as is used. */
interface Browser {
    newContext(options: object): Promise<{ newPage(): Promise<Page> }>;
    close(): Promise<void>;
}
interface Page {
    goto(url: string): Promise<unknown>;
    // biome-ignore lint/suspicious/noExplicitAny: what the page gives back is plain data.
    evaluate(script: string): Promise<any>;
}

/** The packed Chromium is built for one platform; elsewhere, one that is installed can be named. */
const chromePath = process.env["CHROME_PATH"];
const unavailable = chromePath === undefined && `${process.platform}-${process.arch}` !== "linux-x64";
if (unavailable) {
    console.warn(
        "Skipped: the packed Chromium runs on 64-bit Linux only. Name one in CHROME_PATH to run these tests.",
    );
}

let outside: Outside;
let page: Server;
let browser: Browser;
let folder: string;

/** The page under two origins: the declared one, and another. */
const origin = (host: "localhost" | "127.0.0.1") => `https://${host}:${(page.address() as AddressInfo).port}`;

beforeAll(async () => {
    if (unavailable) {
        return;
    }
    const own = await (await Authority.create("page")).server({ hosts: ["localhost", "127.0.0.1"] });
    page = createServer({ cert: own.certificate, key: own.key }, (request, response) => {
        response.setHeader("Content-Type", "text/html");
        response.end(request.method === "GET" ? "<!doctype html><title>LLMOS page</title>" : "");
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    outside = await Outside.of(sandbox);
    await stack.succeeds(stack.up(program));
    browser = await chromium();
});
afterAll(async () => {
    if (unavailable) {
        return;
    }
    await browser?.close();
    await new Promise((resolve) => page?.close(resolve));
    const destroyed = await stack.destroy();
    outside?.s3.destroy();
    await rm(folder, { recursive: true, force: true });
    expect(destroyed.failed, destroyed.told.join("\n")).toBe(false);
});

/** A headless Chromium that comes as an npm package, unpacked into a folder of this run. */
async function chromium(): Promise<Browser> {
    const packages = join(ROOT, "test", "browser");
    installed(packages);
    const load = createRequire(join(packages, "package.json"));
    folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-browser-"));
    process.env["TMPDIR"] = folder;
    const packed = (await import(load.resolve("@sparticuz/chromium"))).default;
    const executablePath = chromePath ?? (await packed.executablePath());
    // Not the package's own arguments: they turn off the very security that is at stake here.
    return await load("playwright-core").chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** What the LLMOS page does with a file, in a page of that origin: status and ETag of the PUT, hash of what is got. */
async function upload(
    from: string,
    bucket: string,
): Promise<{ status: number; etag: string; sha256: string }> {
    const object = { Bucket: bucket, Key: "weights/model.safetensors" };
    const sign = (command: PutObjectCommand | GetObjectCommand) =>
        getSignedUrl(outside.s3 as never, command as never, { expiresIn: 600 });
    const [put, get] = [await sign(new PutObjectCommand(object)), await sign(new GetObjectCommand(object))];
    // The certificates are of authorities made on the spot; what is at stake here is CORS.
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const tab = await context.newPage();
    await tab.goto(from);
    return await tab.evaluate(`(async () => {
        const content = Uint8Array.from(atob("${CONTENT.toString("base64")}"), (letter) => letter.charCodeAt(0));
        const headers = { "content-type": "application/octet-stream" };
        const answer = await fetch(${JSON.stringify(put)}, { method: "PUT", body: content, headers });
        const back = await (await fetch(${JSON.stringify(get)})).arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", back));
        const sha256 = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        return { status: answer.status, etag: answer.headers.get("etag"), sha256 };
    })()`);
}

test.skipIf(unavailable)(
    "on the declared origin a file goes up and comes back, and its ETag can be read",
    async () => {
        const { status, etag, sha256 } = await upload(origin("localhost"), "browsed-bucket");
        expect(status).toBe(200);
        expect(etag).toMatch(/^"?[0-9a-f]{32}/);
        expect(sha256).toBe(createHash("sha256").update(CONTENT).digest("hex"));
    },
);

test.skipIf(unavailable)(
    "another origin is refused, and so is the declared one on a bucket without our rules",
    async () => {
        await expect(upload(origin("127.0.0.1"), "browsed-bucket")).rejects.toThrow("Failed to fetch");
        expect(await outside.objects("unbrowsed-bucket")).toEqual([]);
        await expect(upload(origin("localhost"), "unbrowsed-bucket")).rejects.toThrow("Failed to fetch");
        expect(await outside.objects("unbrowsed-bucket")).toEqual([]);
    },
);
