/** Fails when one of the texts stands in another one, in clear or base64; what is shown then holds it no more. */
export function refuseSecrets(text: string, secrets: readonly string[], what: string): void {
    for (const secret of secrets) {
        for (const form of [secret, Buffer.from(secret).toString("base64").replace(/=+$/, "")]) {
            if (text.includes(form)) {
                throw new Error(`A key was found in the ${what}:\n${text.replaceAll(form, "<KEY>")}`);
            }
        }
    }
}
