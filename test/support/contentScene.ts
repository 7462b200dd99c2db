/** A folder of files, a bucket of the sandbox behind a recorder, and the provider's own way from one to the other. */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
    CreateBucketCommand,
    GetObjectCommand,
    ListMultipartUploadsCommand,
    ListObjectsV2Command,
    paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import type { SandboxDetails } from "../../examples/sandbox";
import { readContent } from "../../provider/content/content";
import type { ContentInputs, ContentState } from "../../provider/content/description";
import { otherOwner } from "../../provider/content/ownership";
import { pendingContent } from "../../provider/content/pending";
import { keepUndeclared, type MadeClaim, storeContent } from "../../provider/content/storing";
import { realContext } from "../../provider/lifecycle/context";
import type { S3Connection } from "../../provider/s3/client";
import type { ContentStore } from "../../provider/s3/contentStore";
import { Outside } from "./outside";
import { Recorder } from "./recorder";
import { bytesOf, seeded } from "./seeded";

type Claiming = Partial<MadeClaim>;

/** The object of the scene; `claim` says what is to be otherwise. */
function claimOf(path: string, claim: Claiming): MadeClaim {
    const owner = { cluster: "here", uid: "1", resource: "p/s/llama" };
    return { what: `Model "${path}"`, path, owner, resources: [], adopt: false, ...claim };
}

export class ContentScene {
    /** What was logged since the last run. */
    readonly lines: string[] = [];
    private interruption = new AbortController();
    private machine = 0;

    private constructor(
        readonly folder: string,
        readonly bucket: string,
        readonly recorder: Recorder,
        readonly outside: Outside,
        private readonly sandbox: SandboxDetails,
    ) {}

    static async open(sandbox: SandboxDetails, bucket: string): Promise<ContentScene> {
        const outside = await Outside.of(sandbox);
        await outside.s3.send(new CreateBucketCommand({ Bucket: bucket }));
        const folder = await mkdtemp(join(tmpdir(), "content-"));
        return new ContentScene(folder, bucket, await Recorder.beforeS3(sandbox), outside, sandbox);
    }

    /** Another machine with the same bucket, and a folder and a recorder of its own. */
    static async beside({ bucket, sandbox }: ContentScene): Promise<ContentScene> {
        const folder = await mkdtemp(join(tmpdir(), "content-"));
        const [recorder, outside] = [await Recorder.beforeS3(sandbox), await Outside.of(sandbox)];
        return new ContentScene(folder, bucket, recorder, outside, sandbox);
    }

    async close(): Promise<void> {
        await this.recorder.stop();
        this.outside.s3.destroy();
        await rm(this.folder, { recursive: true, force: true });
    }

    /** From now on it is another machine, which has not read the folder before. */
    moveToOtherMachine(): void {
        this.machine += 1;
    }

    /** Ends whatever runs, as Ctrl-C does. */
    interrupt(): void {
        this.interruption.abort(new Error("interrupted"));
    }

    async write(path: string, content: string | Uint8Array): Promise<void> {
        const file = join(this.folder, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
    }

    /** Bytes that nobody can guess or compress, the same for the same seed. */
    async fill(path: string, size: number, seed = 1): Promise<void> {
        await this.write(path, bytesOf(seeded(seed), size));
    }

    /** Files of the folder, by the hash of their content. */
    async hashes(...paths: string[]): Promise<Record<string, string>> {
        const entries = paths.map(async (path) => {
            const content = await readFile(join(this.folder, path));
            return [path, createHash("sha256").update(content).digest("hex")];
        });
        return Object.fromEntries(await Promise.all(entries));
    }

    async touch(path: string): Promise<void> {
        const now = new Date(Date.now() + 5_000);
        await utimes(join(this.folder, path), now, now);
    }

    /** Stores the folder below `path`. */
    async store(
        path: string,
        inputs: Partial<ContentInputs> = {},
        { beforeChange, ...claim }: Claiming & { beforeChange?: () => Promise<void> } = {},
    ): Promise<ContentState> {
        const context = this.context();
        const asked = { content: this.folder, ...inputs };
        const store = await this.storeOf(context);
        return await storeContent(context, asked, claimOf(path, claim), store, beforeChange);
    }

    /** What preview would say. */
    async pending(path: string, inputs: Partial<ContentInputs> = {}, claim: Claiming = {}) {
        const context = this.context();
        const asked = { content: this.folder, ...inputs };
        return await pendingContent(context, asked, claimOf(path, claim), await this.storeOf(context));
    }

    /** What preview would say before there is a bucket. */
    async pendingWithoutStore(path: string) {
        return await pendingContent(this.context(), { content: this.folder }, claimOf(path, {}), undefined);
    }

    /** What an update without `content` does. */
    async keep(path: string, claim: Claiming): Promise<ContentState> {
        return await keepUndeclared(await this.storeOf(this.context()), claimOf(path, claim));
    }

    /** Who holds the content, to a resource that would delete it. */
    async holder(path: string, claim: Claiming): Promise<string | undefined> {
        return await otherOwner(await this.storeOf(this.context()), claimOf(path, claim));
    }

    /** What refresh would say. */
    async read(path: string, stored: ContentState, claim: Claiming = {}): Promise<ContentState> {
        return await readContent(await this.storeOf(this.context()), claimOf(path, claim), stored);
    }

    /** What lies below `path`, by the hash of its content as it is downloaded. */
    async downloaded(path: string): Promise<Record<string, string>> {
        const objects: [string, string][] = [];
        const pages = paginateListObjectsV2(
            { client: this.outside.s3 },
            { Bucket: this.bucket, Prefix: `${path}/` },
        );
        for await (const { Contents = [] } of pages) {
            for (const { Key = "" } of Contents) {
                const { Body } = await this.outside.s3.send(
                    new GetObjectCommand({ Bucket: this.bucket, Key }),
                );
                const hash = createHash("sha256").update((await Body?.transformToByteArray()) ?? "");
                objects.push([Key.slice(path.length + 1), hash.digest("hex")]);
            }
        }
        return Object.fromEntries(objects);
    }

    /** Keys of uploads that were not completed, and of what is recorded of them. */
    async leftOpen(): Promise<string[]> {
        const uploads = (await this.uploads()).map(({ key }) => key);
        const asked = { Bucket: this.bucket, Prefix: ".pulumi-llmos/sessions/" };
        const { Contents = [] } = await this.outside.s3.send(new ListObjectsV2Command(asked));
        return [...uploads, ...Contents.map(({ Key = "" }) => Key)];
    }

    /** Uploads that were not completed. */
    async uploads(): Promise<{ key: string; uploadId: string }[]> {
        const { Uploads = [] } = await this.outside.s3.send(
            new ListMultipartUploadsCommand({ Bucket: this.bucket }),
        );
        return Uploads.map(({ Key = "", UploadId = "" }) => ({ key: Key, uploadId: UploadId }));
    }

    /** As the provider has it. */
    contentStore(): Promise<ContentStore> {
        return this.storeOf(this.context());
    }

    /** Requests since the last call, as method and what was asked of the content. */
    asked(path: string): string[] {
        return this.recorder.requests
            .splice(0)
            .map((line) => line.replace(`/${this.bucket}`, "").replace(`${path}/`, "…/"));
    }

    private context() {
        this.interruption = new AbortController();
        this.lines.length = 0;
        const log = async (line: string) => void this.lines.push(line);
        return realContext(
            { caBundle: this.sandbox.s3.caBundle },
            { info: log, warn: log },
            this.interruption.signal,
            join(tmpdir(), `${basename(this.folder)}-cache-${this.machine}`),
        );
    }

    /** Through the recorder. */
    get connection(): S3Connection {
        const { accessKeyId, secretAccessKey, caBundle } = this.sandbox.s3;
        const endpoint = `localhost:${this.recorder.port}`;
        return { endpoint, caBundle, keys: { accessKeyId, secretAccessKey } };
    }

    private storeOf(context: ReturnType<typeof realContext>): Promise<ContentStore> {
        return context.contentStore(this.connection, this.bucket);
    }
}
