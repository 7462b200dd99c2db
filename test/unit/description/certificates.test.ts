import { beforeAll, describe, expect, it, test } from "vitest";
import { Authority } from "../../../examples/sandbox/certificates";
import { caBundle, certificatesIn, expiredIn } from "../../../provider/description/certificates";

describe("caBundle", () => {
    let valid: string;
    let expired: string;
    beforeAll(async () => {
        const past = {
            notBefore: new Date("2020-01-01T00:00:00Z"),
            notAfter: new Date("2021-01-01T00:00:00Z"),
        };
        [valid, expired] = (
            await Promise.all([Authority.create("valid"), Authority.create("old", past)])
        ).map(({ certificate }) => certificate) as [string, string];
    });

    const NO_PEM =
        'holds no PEM certificate ("-----BEGIN CERTIFICATE-----"). Give the content of the file, not its path.';
    const GARBAGE = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";

    it.each<[string, () => string, string]>([
        ["a path", () => "/etc/ssl/ca.pem", NO_PEM],
        ["nothing", () => "", NO_PEM],
        ["a private key", () => "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", NO_PEM],
        ["a certificate without an end", () => valid.slice(0, -30), NO_PEM],
        ["garbage", () => GARBAGE, "certificate 1 of 1 cannot be parsed."],
        ["garbage behind a good one", () => valid + GARBAGE, "certificate 2 of 2 cannot be parsed."],
        [
            "one that has expired",
            () => expired,
            "holds only certificates that have expired: CN=old (on Jan  1 00:00:00 2021 GMT).",
        ],
    ])("%s is refused", (_title, text, refused) => {
        expect(caBundle(text())).toEqual({ refused });
    });

    test("certificates that are valid are taken, comments around them too", () => {
        const bundle = `# our authority\n${valid}\n# and again\n${valid}`;
        expect(caBundle(bundle)).toEqual({ value: bundle });
    });

    test("an expired one among others is taken, and told", () => {
        const bundle = valid + expired + valid;
        expect(caBundle(bundle)).toEqual({ value: bundle });
        expect(expiredIn(bundle)).toEqual(["CN=old (on Jan  1 00:00:00 2021 GMT)"]);
        expect(expiredIn(valid)).toEqual([]);
    });

    it.each<[string, (pem: string) => string]>([
        ["indented", (pem) => pem.replace(/^/gm, "    ")],
        ["with line ends of Windows", (pem) => pem.replaceAll("\n", "\r\n")],
        ["in one line", (pem) => pem.replaceAll("\n", " ")],
        ["in one line without spaces", (pem) => pem.replaceAll("\n", "")],
        ["with its line ends written out", (pem) => pem.replaceAll("\n", "\\n")],
        ["in quotes", (pem) => `"${pem}"`],
    ])("certificates are read %s", (_title, written) => {
        const bundle = written(valid + valid);
        expect(caBundle(bundle)).toEqual({ value: bundle });
        expect(certificatesIn(bundle)).toEqual([valid, valid].map((pem) => `${pem.trim()}\n`));
    });
});
