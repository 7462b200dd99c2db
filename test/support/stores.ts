import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { Agent, createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { Authority } from "../../examples/sandbox/certificates";
import { GuardedProcess } from "../../examples/sandbox/guardedProcess";
import { freePorts } from "../../examples/sandbox/ports";

/** A store that a test started for itself. */
export interface OwnStore {
    /** As a Registry wants it. */
    endpoint: string;
    stop(): Promise<void>;
}

interface Keys {
    accessKeyId: string;
    secretAccessKey: string;
}

/** Makes a bucket on any S3 server. */
export async function createBucket(url: string, keys: Keys, bucket: string, ca?: string): Promise<void> {
    const client = new S3Client({
        endpoint: url,
        region: "us-east-1",
        forcePathStyle: true,
        credentials: keys,
        requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca }) }),
    });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
}

/** versitygw over plain http with one user, as the real operator was run against. */
export async function startPlainStore(program: string, keys: Keys): Promise<OwnStore> {
    const folder = await mkdtemp(join(tmpdir(), "plain-store-"));
    const data = join(folder, "data");
    await mkdir(data);
    const [port] = await freePorts(1);
    const endpoint = `127.0.0.1:${port}`;
    const answers = () =>
        fetch(`http://${endpoint}/health`).then(
            ({ ok }) => ok,
            () => false,
        );
    const options = {
        name: "versitygw",
        program,
        args: ["--port", endpoint, "--health", "/health", "--quiet", "posix", data],
        env: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
        logFile: join(folder, "log"),
        orphanedFolder: folder,
    };
    const process = await GuardedProcess.startAndWait(options, answers, 10_000);
    return {
        endpoint,
        async stop() {
            await process.stop();
            await rm(folder, { recursive: true });
        },
    };
}

/** An https server under an authority that nobody trusts. */
export async function startUntrustedStore(): Promise<OwnStore> {
    const authority = await Authority.create("stranger");
    const { certificate, key } = await authority.server({ hosts: ["127.0.0.1"] });
    return listening(createSecureServer({ cert: certificate, key }));
}

/** A store that agrees to everything, or refuses every key, and remembers what it was asked. */
export class CountingStore {
    readonly requests: string[] = [];
    refusing = false;

    private constructor(private readonly store: OwnStore) {}

    static async start(): Promise<CountingStore> {
        const answer: RequestListener = (request, response) => {
            counting.requests.push(`${request.method} ${request.url}`);
            const error = "<Error><Code>SignatureDoesNotMatch</Code><Message>wrong key</Message></Error>";
            response.statusCode = counting.refusing ? 403 : 200;
            response.end(counting.refusing ? error : "<LocationConstraint/>");
        };
        const counting: CountingStore = new CountingStore(await listening(createServer(answer)));
        return counting;
    }

    get endpoint(): string {
        return this.store.endpoint;
    }

    stop(): Promise<void> {
        return this.store.stop();
    }

    /** How many requests come in while one waits. */
    async during(milliseconds: number): Promise<number> {
        const before = this.requests.length;
        await sleep(milliseconds);
        return this.requests.length - before;
    }
}

async function listening(server: ReturnType<typeof createServer>): Promise<OwnStore> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
        endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        async stop() {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        },
    };
}
