import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { KubernetesObject } from "../kubernetes/objects";

/** The part of an AdmissionReview's request that the rules read. */
export interface AdmissionRequest {
    uid: string;
    operation: "CREATE" | "UPDATE";
    resource: { resource: string };
    object: KubernetesObject;
    oldObject: KubernetesObject;
}

/** An operation of a JSON patch. */
export interface PatchOperation {
    op: "add";
    path: string;
    value: unknown;
}

/** What a webhook answers to a request that it refuses for that reason: a Status of the API. */
export type Refusal = (message: string) => object;

/** Throws what the request is refused with; may give changes. */
export type Admission = (request: AdmissionRequest) => Promise<PatchOperation[] | undefined>;

/** A webhook server that the API server of the same machine can call. */
export interface AdmissionServer {
    url: string;
    caBundle: string;
    stop(): Promise<void>;
}

/** A server's certificate and key, and the authority that vouches for it, as PEM. */
export interface ServerCertificate {
    readonly caBundle: string;
    readonly certificate: string;
    readonly key: string;
}

/**
 * Serves each of the admissions under its path, over HTTPS on loopback.
 *
 * @param at The port; 0 for any that is free.
 */
export async function serveAdmission(
    { caBundle, certificate, key }: ServerCertificate,
    at: number,
    admissions: Record<string, Admission>,
    refusal: Refusal,
): Promise<AdmissionServer> {
    const server = createServer({ cert: certificate, key }, async (request, response) => {
        // The API server adds its patience as a query.
        const [path = ""] = (request.url ?? "").split("?");
        const admission = admissions[path];
        if (!admission) {
            response.writeHead(404).end();
            return;
        }
        try {
            const review = await reviewed(request, admission, refusal);
            response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(review));
        } catch {
            response.writeHead(400).end();
        }
    });
    // The API server keeps idle connections for 90 s: one that is closed here first may be closed under a request.
    server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host: "127.0.0.1", port: at }, resolve);
    });
    const { port } = server.address() as AddressInfo;
    return {
        url: `https://127.0.0.1:${port}`,
        caBundle,
        stop: () => close(server),
    };
}

async function reviewed(incoming: IncomingMessage, admission: Admission, refusal: Refusal) {
    const { apiVersion, kind, request } = (await json(incoming)) as {
        apiVersion: string;
        kind: string;
        request: AdmissionRequest;
    };
    return {
        apiVersion,
        kind,
        response: { uid: request.uid, ...(await answerTo(request, admission, refusal)) },
    };
}

async function answerTo(request: AdmissionRequest, admission: Admission, refusal: Refusal) {
    try {
        const patch = await admission(request);
        return {
            allowed: true,
            ...(patch && {
                patchType: "JSONPatch",
                patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
            }),
        };
    } catch (error) {
        return { allowed: false, status: refusal((error as Error).message) };
    }
}

function close(server: Server): Promise<void> {
    return new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
    });
}
