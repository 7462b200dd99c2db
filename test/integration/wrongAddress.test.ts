/** Wrong addresses of the S3 server: preview, up and `doctor` say the same, in full, and change nothing on either side. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Authority } from "../../examples/sandbox";
import { closedPort } from "../support/closedPort";
import { Doctor } from "../support/doctor";
import { EngineStandIn, registries } from "../support/engineStandIn";
import { Outside } from "../support/outside";
import { bothSides, placed, rightArgs } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;

// No llmos:caBundle: whom to trust is part of each case.
const engine = new EngineStandIn(sandbox, { secrets: [accessKeyId, secretAccessKey] });
const doctor = new Doctor(sandbox, [accessKeyId, secretAccessKey]);
let outside: Outside;
const servers: Server[] = [];
/** Addresses of servers that have something wrong, by what is wrong. */
const wrong = { closed: "", plain: "", console: "", expired: "", early: "", otherName: "" };
let authority: Authority;
let folder: string;
/** The authority's certificate. */
let caFile: string;

beforeAll(async () => {
    authority = await Authority.create("wrong addresses");
    folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-wrong-address-"));
    caFile = join(folder, "ca.crt");
    await writeFile(caFile, authority.certificate);
    const day = 86_400_000;
    const past = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) };
    const future = { notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 2 * day) };
    wrong.closed = `localhost:${await closedPort()}`;
    wrong.plain = await listening(createServer((_, response) => response.end()));
    wrong.console = await secure({ hosts: ["localhost"] }, (incoming, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end(
            incoming.method === "HEAD" ? undefined : "<!doctype html>\n<html><body>Console</body></html>",
        );
    });
    wrong.expired = await secure({ hosts: ["localhost"], ...past });
    wrong.early = await secure({ hosts: ["localhost"], ...future });
    wrong.otherName = await secure({ hosts: ["s3.example.com"] });
    outside = await Outside.of(sandbox);
});

afterAll(async () => {
    outside?.s3.destroy();
    for (const server of servers) {
        server.close();
    }
    await rm(folder, { recursive: true, force: true });
});

async function secure(
    options: Parameters<Authority["server"]>[0],
    answer: RequestListener = (_, response) => void response.end(),
): Promise<string> {
    const { certificate, key } = await authority.server(options);
    return await listening(createSecureServer({ cert: certificate, key }, answer));
}

async function listening(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `localhost:${(server.address() as AddressInfo).port}`;
}

const NEEDED = "  why:   LLMOS stores models and datasets there, and needs it reachable over HTTPS.";

test.each([
    {
        what: "an http address",
        args: () => ({ endpoint: `http://${endpoint}` }),
        message: 'endpoint uses http; LLMOS supports only HTTPS endpoints. Write "<s3>".',
    },
    {
        what: "an address with a path",
        args: () => ({ endpoint: `https://${endpoint}/models` }),
        message:
            'endpoint has a path ("/models"); an endpoint is host[:port] only, and the bucket goes in "bucket". Write "<s3>".',
    },
    {
        what: "an address with a dot too many",
        args: () => ({ endpoint: "s3.registry.com.:5000" }),
        message: 'endpoint is not a host[:port]: "s3.registry.com.:5000". Write "s3.registry.com:5000".',
    },
    {
        what: "the address of a bucket",
        args: () => ({ endpoint: "s3://models" }),
        message:
            'endpoint is a bucket address (s3://…), not an endpoint. Write the host[:port] of the S3 server, for example "s3.registry.com:5000", and the bucket in "bucket".',
    },
])("$what is refused by preview and by up", async ({ args, message }) => {
    await refused(args(), message);
});

test.each<{ what: string; args: () => { endpoint?: string; caBundle?: string }; message: string }>([
    {
        what: "a host name that nobody knows",
        args: () => ({ endpoint: "s3.invalid:5000" }),
        message: `The S3 endpoint's host name cannot be resolved
  where: https://s3.invalid:5000 (ENOTFOUND)
${NEEDED}
  next:  Check the spelling, and that this machine's DNS knows the name.`,
    },
    {
        what: "a port where nothing listens",
        args: () => ({ endpoint: wrong.closed }),
        message: `The S3 endpoint refuses the connection: nothing listens there
  where: https://<closed> (ECONNREFUSED)
${NEEDED}
  next:  Check the port, and that the server runs.`,
    },
    {
        what: "a server that speaks plain http",
        args: () => ({ endpoint: wrong.plain }),
        message: `The S3 endpoint does not speak TLS
  where: https://<plain> (EPROTO)
${NEEDED}
  next:  Check the port: plain http is served there, and HTTPS is needed.`,
    },
    {
        what: "a web console",
        args: () => ({ endpoint: wrong.console, caBundle: authority.certificate }),
        message: `The S3 endpoint answers with a web page: this is no S3 API
  where: https://<console>, bucket "address-bucket" (status 200)
${NEEDED}
  next:  Give host and port of the S3 API: a server's web console has another port. If they are right, a proxy or a login page on the way answers in its place.`,
    },
    {
        what: "an authority that is not trusted",
        args: () => ({}),
        message: `The S3 endpoint's certificate was issued by an authority that is not trusted here
  where: https://<s3> (UNABLE_TO_VERIFY_LEAF_SIGNATURE)
${NEEDED}
  next:  Give the authority's certificate as caBundle (PEM content). LLMOS and the users' browsers must trust it too.`,
    },
    {
        what: "a certificate that has expired",
        args: () => ({ endpoint: wrong.expired, caBundle: authority.certificate }),
        message: `The S3 endpoint's certificate has expired
  where: https://<expired> (CERT_HAS_EXPIRED)
${NEEDED}
  next:  Renew the certificate, and check the clocks on both sides.`,
    },
    {
        what: "a certificate that is not valid yet",
        args: () => ({ endpoint: wrong.early, caBundle: authority.certificate }),
        message: `The S3 endpoint's certificate is not valid yet
  where: https://<early> (CERT_NOT_YET_VALID)
${NEEDED}
  next:  Check the clocks on both sides (NTP); if they are right, have the certificate issued anew.`,
    },
    {
        what: "a certificate for another host name",
        args: () => ({ endpoint: wrong.otherName, caBundle: authority.certificate }),
        message: `The S3 endpoint's certificate is for another host name
  where: https://<otherName> (ERR_TLS_CERT_ALTNAME_INVALID)
${NEEDED}
  next:  Use a name that the certificate holds, or have it issued for this one.`,
    },
])("$what is refused by preview and by up, and found by doctor", async ({ args, message }) => {
    const given = { endpoint, ...args() };
    await refused(given, message);
    const trust = given.caBundle ? ["--ca-bundle", caFile] : [];
    const store = ["--endpoint", given.endpoint, "--bucket", "address-bucket"];
    const found = await doctor.finds([...store, ...trust]);
    expect(placed(found, places())).toEqual([message]);
});

function places(): Record<string, string> {
    const servers = Object.entries(wrong).map(([name, place]) => [place, `<${name}>`]);
    return { [endpoint]: "<s3>", ...Object.fromEntries(servers) };
}

async function refused(args: object, message: string): Promise<void> {
    const program = registries({ address: { ...rightArgs(sandbox, "address-bucket"), ...args } });
    for (const words of [await engine.preview(program), await engine.up(program)]) {
        expect(placed(words, places())).toEqual([`Bucket address-bucket: error: ${message}`]);
    }
    expect(await bothSides(outside, "address")).toEqual([]);
}
