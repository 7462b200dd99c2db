/** The whole body of an answer; throws when it breaks off. */
import type { Readable } from "node:stream";

export async function contentOf(body: Readable): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of body) {
        chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
}

export async function textOf(body: Readable): Promise<string> {
    return (await contentOf(body)).toString("utf8");
}
