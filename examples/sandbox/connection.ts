import { type RequestOptions, request } from "node:https";
import type { Certificate } from "./certificates";

/** How a question is asked over HTTPS: whom to trust, and who asks. */
export interface Asker {
    readonly caBundle: string;
    readonly client?: Certificate;
}

/**
 * Whether a server answers with status 200, or with one that is `fine`. Any failure is a no: while a server starts,
 * refused connections, another server on a port that was free a moment ago and a wrong status all mean "not yet".
 */
export function answers(
    url: string,
    asker: Asker,
    fine: (status: number) => boolean = (status) => status === 200,
): Promise<boolean> {
    const options: RequestOptions = {
        ca: asker.caBundle,
        cert: asker.client?.certificate,
        key: asker.client?.key,
        timeout: 2000,
        agent: false,
    };
    return new Promise((resolve) => {
        const asked = request(url, options, (response) => {
            response.resume();
            resolve(fine(response.statusCode ?? 0));
        });
        asked.on("timeout", () => asked.destroy());
        asked.on("error", () => resolve(false));
        asked.end();
    });
}
