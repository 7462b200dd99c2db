/** Keys of S3 as text: what is no key, and would end in a refused signature or in a header that cannot be sent. */
import type { Refined } from "./decoding";

/** What is wrong with a secret access key: a predicate for a message, which does not tell the key; undefined where nothing is. */
export function secretFlaw(key: string): string | undefined {
    if (key === "") {
        return "is empty";
    }
    if (key !== key.trim()) {
        return `${key === key.trimEnd() ? "begins" : "ends"} with white space or a newline`;
    }
    if (/\p{Cc}/u.test(key)) {
        return "holds a line break or another control character";
    }
    return key.includes("\uFFFD") ? "is not text in UTF-8" : undefined;
}

/** The same of an access key id, which is sent in a header (S3 documentation, "Authenticating Requests"). */
export function keyIdFlaw(key: string): string | undefined {
    const flaw = secretFlaw(key);
    return flaw ?? (/[^!-~]/.test(key) ? "holds white space or a character outside ASCII" : undefined);
}

/** A secret access key as an argument. */
export function secretKey(value: string): Refined<string> {
    return unless(secretFlaw(value), value);
}

/** An access key id as an argument. */
export function keyId(value: string): Refined<string> {
    return unless(keyIdFlaw(value), value);
}

function unless(flaw: string | undefined, value: string): Refined<string> {
    if (flaw === undefined) {
        return { value };
    }
    if (value === "") {
        return { refused: `${flaw}.` };
    }
    return value === value.trim()
        ? { refused: `${flaw}, which no key has. Copy it anew, whole and by itself.` }
        : {
              refused: `${flaw}, which would become part of the key: the S3 server then refuses the signature. Remove it (a file often ends with one; use .trim()).`,
          };
}
