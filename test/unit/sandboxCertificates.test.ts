import { X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Authority, type ServerOptions, writeCertificate } from "../../examples/sandbox/certificates";
import { testFolder } from "../support/fakePrograms";

let authority: Authority;
beforeAll(async () => {
    authority = await Authority.create("test");
});

/** What a client that trusts one authority meets when it asks a server with this certificate. */
async function handshake(options: ServerOptions, trusted = authority): Promise<string> {
    const { certificate, key } = await authority.server(options);
    const server = createServer({ cert: certificate, key }, (_request, response) => response.end());
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    try {
        return await new Promise((resolve) => {
            request({ host: "127.0.0.1", port, ca: trusted.certificate, agent: false }, (response) => {
                response.resume();
                resolve("ok");
            })
                .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
                .end();
        });
    } finally {
        server.close();
    }
}

describe("certificates of the sandbox", () => {
    const hosts = ["127.0.0.1", "*.s3.localhost"];

    it("are taken by who trusts their authority", async () => {
        expect(await handshake({ hosts })).toBe("ok");
    });

    it.each([
        ["expired", { hosts, notBefore: new Date(0), notAfter: new Date(1000) }, "CERT_HAS_EXPIRED"],
        ["for another host", { hosts: ["s3.example.com"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ])("are refused when they are %s", async (_what, options, code) => {
        expect(await handshake(options)).toBe(code);
    });

    it("are refused by who trusts another authority of the same name", async () => {
        const stranger = await Authority.create("test");
        expect(await handshake({ hosts }, stranger)).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    });

    it("say what they are for", async () => {
        const ca = new X509Certificate(authority.certificate);
        const server = new X509Certificate((await authority.server({ hosts })).certificate);
        const client = new X509Certificate(
            (await authority.client({ commonName: "me", organization: "system:masters" })).certificate,
        );
        expect([ca.ca, server.ca, client.ca]).toEqual([true, false, false]);
        expect(server.verify(ca.publicKey) && server.checkIssued(ca)).toBe(true);
        expect(server.subjectAltName).toBe("IP Address:127.0.0.1, DNS:*.s3.localhost");
        expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
        expect(client.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
        expect(client.subject).toBe("O=system:masters\nCN=me");
        expect(Date.parse(server.validTo) - Date.now()).toBeGreaterThan(300 * 24 * 3_600_000);
    });

    it("keep their keys from other users of the machine", async () => {
        const folder = join(testFolder(), "keys");
        const { keyFile } = await writeCertificate(folder, "server", await authority.server({ hosts }));
        expect(statSync(keyFile).mode & 0o777).toBe(0o600);
        expect(statSync(folder).mode & 0o777).toBe(0o700);
    });
});
