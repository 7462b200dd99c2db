// The X.509 library is built on decorators, and looks for this at load.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** A certificate with its private key, both as PEM. */
export interface Certificate {
    readonly certificate: string;
    readonly key: string;
}

/** When a certificate is valid; by default from an hour ago, for clocks that are not quite right, for one year. */
export interface Validity {
    readonly notBefore?: Date;
    readonly notAfter?: Date;
}

/** What a server's certificate says; to test failures, give names that are not its own, or a validity in the past. */
export interface ServerOptions extends Validity {
    /** Host names and IP addresses; `*.` stands for one label. */
    readonly hosts: readonly string[];
}

/** What a client's certificate says; Kubernetes reads the common name as user and organizations as groups. */
export interface ClientOptions extends Validity {
    readonly commonName: string;
    readonly organization?: string;
}

/** A certificate authority made on the spot. Nothing trusts it but those who are given its certificate. */
export class Authority {
    private constructor(
        /** The authority's own certificate as PEM: the bundle that a client must trust. */
        readonly certificate: string,
        private readonly issuer: x509.X509Certificate,
        private readonly keys: webcrypto.CryptoKeyPair,
    ) {}

    /** Makes an authority with a key of its own; two of the same name are strangers to each other. */
    static async create(commonName: string, validity: Validity = {}): Promise<Authority> {
        const keys = await generateKeys();
        const certificate = await x509.X509CertificateGenerator.createSelfSigned({
            ...common(validity),
            name: nameOf(commonName),
            keys,
            extensions: [
                new x509.BasicConstraintsExtension(true, 0, true),
                new x509.KeyUsagesExtension(
                    x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
                    true,
                ),
                await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
                await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
            ],
        });
        return new Authority(pem(certificate), certificate, keys);
    }

    /** A certificate for a server. */
    async server(options: ServerOptions): Promise<Certificate> {
        const names = options.hosts.map(
            (host) => ({ type: isIP(host) ? "ip" : "dns", value: host }) as const,
        );
        return this.issue(nameOf(options.hosts[0] ?? "server"), options, [
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
            new x509.SubjectAlternativeNameExtension(names),
        ]);
    }

    /** A certificate for a client. */
    async client(options: ClientOptions): Promise<Certificate> {
        return this.issue(nameOf(options.commonName, options.organization), options, [
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        ]);
    }

    private async issue(
        subject: x509.JsonName,
        validity: Validity,
        extensions: x509.Extension[],
    ): Promise<Certificate> {
        const keys = await generateKeys();
        const certificate = await x509.X509CertificateGenerator.create({
            ...common(validity),
            subject,
            issuer: this.issuer.subject,
            publicKey: keys.publicKey,
            signingKey: this.keys.privateKey,
            extensions: [
                new x509.BasicConstraintsExtension(false, undefined, true),
                new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
                await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
                await x509.AuthorityKeyIdentifierExtension.create(this.keys.publicKey),
                ...extensions,
            ],
        });
        const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
        return { certificate: pem(certificate), key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n` };
    }
}

/** Writes `<name>.crt` and `<name>.key` into a folder; only the owner may read the key. */
export async function writeCertificate(
    folder: string,
    name: string,
    issued: Certificate,
): Promise<{ certificateFile: string; keyFile: string }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const certificateFile = join(folder, `${name}.crt`);
    const keyFile = join(folder, `${name}.key`);
    await Promise.all([
        writeFile(certificateFile, issued.certificate),
        writeFile(keyFile, issued.key, { mode: 0o600 }),
    ]);
    return { certificateFile, keyFile };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
    return webcrypto.subtle.generateKey(ALGORITHM, true, [
        "sign",
        "verify",
    ]) as Promise<webcrypto.CryptoKeyPair>;
}

function common(validity: Validity) {
    const notBefore = validity.notBefore ?? new Date(Date.now() - HOUR);
    const notAfter = validity.notAfter ?? new Date(Date.now() + YEAR);
    // A serial number must be positive: a first byte below 0x80 keeps it so.
    const serial = randomBytes(16);
    serial[0] = (serial[0]! & 0x7f) | 0x01;
    return { serialNumber: serial.toString("hex"), notBefore, notAfter, signingAlgorithm: ALGORITHM };
}

function nameOf(commonName: string, organization?: string): x509.JsonName {
    return [...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName] }];
}

function pem(certificate: x509.X509Certificate): string {
    return `${certificate.toString("pem")}\n`;
}
