import { expect, it } from "vitest";
import { emptyBucket } from "../../../provider/s3/emptying";
import type { ObjectStore } from "../../../provider/s3/objectStore";

const log = { info: async () => {} };

/** A server that lists one version, until it is deleted in the way that it takes. */
function server(goesWith: (deleted: object) => boolean) {
    const deleted: object[] = [];
    const store = {
        connection: { endpoint: "s3.registry.com" },
        uploads: async () => [],
        someVersions: async () => (deleted.some(goesWith) ? [] : [{ Key: "weights" }]),
        someObjects: async () => [],
        deleteObjects: async (_bucket: string, objects: object[]) => void deleted.push(...objects),
    };
    return { deleted, store: store as unknown as ObjectStore };
}

it("deletes the null version by its name where the server lists it without one", async () => {
    const { deleted, store } = server((each) => "VersionId" in each);
    await emptyBucket(log, store, "models");
    expect(deleted).toEqual([{ Key: "weights" }, { Key: "weights", VersionId: "null" }]);
});

it("ends with words when what is deleted is listed again and again", async () => {
    const { deleted, store } = server(() => false);
    await expect(emptyBucket(log, store, "models")).rejects.toMatchObject({
        finding: { found: 'The S3 server says that it deletes "weights", and lists it again' },
    });
    expect(deleted).toHaveLength(2);
});
