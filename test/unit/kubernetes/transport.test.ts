import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connectionOf } from "../../../provider/kubernetes/connection";
import { parseKubeconfig } from "../../../provider/kubernetes/kubeconfig";
import { type ApiRequest, Transport } from "../../../provider/kubernetes/transport";
import { networkFinding } from "../../../provider/network/causes";
import { within } from "../../../provider/network/retry";

type Answer = (response: ServerResponse) => void;

const status =
    (code: number, body = '{"ok":true}'): Answer =>
    (response) =>
        response.writeHead(code).end(body);
const reset: Answer = (response) => response.destroy();
const silence: Answer = () => {};
const half: Answer = (response) => response.writeHead(200, { "content-length": 100 }).write('{"half":');

let server: Server;
let asked: {
    method?: string | undefined;
    url?: string | undefined;
    type?: string | undefined;
    body: string;
}[];
let pauses: number[];

/** A server that gives these answers, the last one for ever, and a transport to it that does not really pause. */
async function transportTo(...answers: Answer[]): Promise<Transport> {
    asked = [];
    pauses = [];
    const listener: RequestListener = async (request, response) => {
        const answer = (answers.length > 1 ? answers.shift() : answers[0]) as Answer;
        let body = "";
        for await (const chunk of request) {
            body += chunk;
        }
        asked.push({ method: request.method, url: request.url, type: request.headers["content-type"], body });
        answer(response);
    };
    server = createServer(listener);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const kubeconfig = parseKubeconfig(
        JSON.stringify({
            clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}/` } }],
            contexts: [{ name: "c", context: { cluster: "c" } }],
        }),
    );
    return new Transport(connectionOf(kubeconfig, "c"), async (milliseconds) => {
        pauses.push(milliseconds);
    });
}

afterEach(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
});

const GET: ApiRequest = { method: "GET", path: "/api/v1/namespaces/kube-system" };
const peer = { url: "u", name: "The API server", why: "w", authority: "a" };

describe("a request is sent again", () => {
    it.each<[string, Answer[], number[]]>([
        ["429", [status(429), status(200)], [200]],
        ["500", [status(500), status(200)], [200]],
        ["502 and 504", [status(502), status(504), status(200)], [200, 500]],
        ["503", [status(503), status(503), status(503), status(503), status(200)], [200, 500, 1_000, 2_000]],
        ["a connection that is reset", [reset, reset, status(200)], [200, 500]],
    ])("after %s", async (_title, answers, expected) => {
        const transport = await transportTo(...answers);
        expect(await transport.send(GET)).toMatchObject({ status: 200, body: { ok: true } });
        expect(pauses).toEqual(expected);
    });

    it("with the same method and body", async () => {
        const transport = await transportTo(status(503), status(200));
        await transport.send({
            method: "PATCH",
            path: "/x?force=true",
            contentType: "application/json",
            body: { a: "ä" },
        });
        const once = { method: "PATCH", url: "/x?force=true", type: "application/json", body: '{"a":"ä"}' };
        expect(asked).toEqual([once, once]);
    });
});

describe("a request is not sent again", () => {
    it.each([200, 401, 403, 404, 409, 422])("after %i", async (code) => {
        const transport = await transportTo(status(code));
        expect(await transport.send(GET)).toMatchObject({ status: code, body: { ok: true } });
        expect(asked).toHaveLength(1);
    });

    it("after five busy answers: the last one is given", async () => {
        const transport = await transportTo(status(503, "busy"));
        expect(await transport.send(GET)).toMatchObject({ status: 503, body: "busy" });
        expect(asked).toHaveLength(5);
    });

    it("when the connection is refused", async () => {
        const transport = await transportTo(silence);
        await new Promise((closed) => server.close(closed));
        await expect(transport.send(GET)).rejects.toMatchObject({ code: "ECONNREFUSED" });
        expect(pauses).toEqual([]);
    });

    it("after five resets", async () => {
        const transport = await transportTo(reset);
        await expect(transport.send(GET)).rejects.toMatchObject({ code: "ECONNRESET" });
        expect(asked).toHaveLength(5);
    });
});

describe("a deadline", () => {
    it.each<[string, Answer]>([
        ["without an answer", silence],
        ["in the middle of an answer", half],
    ])("that passes %s ends the request, as a time-out", async (_title, answer) => {
        const transport = await transportTo(answer);
        const failed = await transport.send(GET, within(300)).catch((error) => error);
        expect(networkFinding(failed, peer)?.code).toBe("timed-out");
        expect(asked).toHaveLength(1);
    });

    it("that has passed lets no busy server be asked again", async () => {
        const deadline = new AbortController();
        const transport = await transportTo((response) => {
            status(503)(response);
            response.on("close", () => deadline.abort(new DOMException("time is up", "TimeoutError")));
        });
        const slept = new Promise<void>((resolve) =>
            deadline.signal.addEventListener("abort", () => resolve()),
        );
        Object.assign(transport, { sleep: () => slept });
        await expect(transport.send(GET, (send) => send(deadline.signal))).rejects.toThrow("time is up");
        expect(asked).toHaveLength(1);
    });
});

it("an answer that is no JSON is given as text", async () => {
    const transport = await transportTo(status(404, "404 page not found\n"));
    expect(await transport.send(GET)).toMatchObject({ status: 404, body: "404 page not found\n" });
});
