/** Whatever a kubeconfig holds: it leads to a cluster, or is refused in words, and nothing secret of it is ever said. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { validateHeaderValue } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test, vi } from "vitest";
import { LlmosError } from "../../provider/finding";
import type { Connection } from "../../provider/kubernetes/connection";
import { findConnection } from "../../provider/kubernetes/findConnection";
import { Unusable } from "../../provider/kubernetes/kubeconfig";
import { logIn } from "../../provider/kubernetes/login";
import { SECRETS, texts } from "./kubeconfigs";
import { refuseSecrets } from "./secrets";

export function testKubeconfigs(runs: number): void {
    const folder = mkdtempSync(join(tmpdir(), "kubeconfigs-"));
    const files = [0, 1].map((index) => join(folder, String(index)));
    afterAll(() => {
        vi.unstubAllEnvs();
        rmSync(folder, { recursive: true });
    });

    const found = (act: () => Connection): Connection | undefined => {
        try {
            return act();
        } catch (error) {
            expect(error).toBeInstanceOf(LlmosError);
            const { message } = error as LlmosError;
            expect(message).toMatch(
                /^The(re is no)? kubeconfig.+\n {2}where: .+\n {2}why: .+\n {2}next: .+$/,
            );
            silent(message);
            return undefined;
        }
    };
    const silent = (words: string) => refuseSecrets(words, Object.values(SECRETS), "words for a kubeconfig");

    test(`any of ${runs} kubeconfigs leads to a cluster or is refused in words, without its secrets`, async () => {
        const outcomes = { usable: 0, refused: 0, loggedIn: 0 };
        await fc.assert(
            fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 2 }), async (contents) => {
                contents.forEach((content, index) => {
                    writeFileSync(files[index] as string, content);
                });
                vi.stubEnv("KUBECONFIG", files.slice(0, contents.length).join(delimiter));
                const connections = [
                    found(() => findConnection(undefined, {})),
                    found(() => findConnection({ kubeconfig: contents[0] as string }, {})),
                ];
                for (const connection of connections) {
                    outcomes[connection ? "usable" : "refused"] += 1;
                    if (connection) {
                        silent(connection.server);
                        outcomes.loggedIn += await loggedIn(connection);
                    }
                }
            }),
            { numRuns: runs },
        );
        // Neither of them is what happens always.
        expect(Math.min(...Object.values(outcomes)), JSON.stringify(outcomes)).toBeGreaterThan(runs / 20);
    });

    /** 1 where there is a login, each header of which can be sent; plugins are not run. */
    async function loggedIn(connection: Connection): Promise<number> {
        if (connection.user.exec) {
            return 0;
        }
        const login = await logIn(connection).catch((error) => error);
        if (login instanceof Error) {
            expect(login).toBeInstanceOf(Unusable);
            silent(login.message);
            return 0;
        }
        for (const [header, values] of Object.entries(login.headers)) {
            for (const value of [values].flat() as string[]) {
                validateHeaderValue(header, value);
            }
        }
        return 1;
    }
}
