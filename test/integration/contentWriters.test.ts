/** What was stored is what the server has answered to us: whoever else writes there is seen. */
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { ContentScene } from "../support/contentScene";
import { reworded } from "../support/faults";
import { testWriterRaces } from "../support/writerRaces";

const sandbox = inject("sandbox");
const ROOT = "models/default/llama";

let scene: ContentScene;
let count = 0;
beforeEach(async () => {
    count += 1;
    scene = await ContentScene.open(sandbox, `writers-${process.pid}-${count}`);
});
afterEach(() => scene.close());

test("an object of the same size that somebody else puts there during an upload is an error that names it", async () => {
    await scene.write("a.bin", "ours-of-a");
    await scene.write("b.bin", "ours-of-b");
    const put = () => scene.outside.put(scene.bucket, `${ROOT}/a.bin`, "theirs-a!");
    let listings = 0;
    scene.recorder.faults.set(
        ({ forward }) => {
            listings += 1;
            void (listings === 2 ? put() : Promise.resolve()).then(() => forward());
        },
        Number.POSITIVE_INFINITY,
        /list-type=2&prefix=models/,
    );
    await expect(scene.store(ROOT)).rejects.toThrow(
        "1 object that this run has stored or found is not there as it was answered (a.bin)",
    );
    scene.recorder.faults.heal();
    expect(await scene.pending(ROOT), "known to be another's").toMatchObject({ files: 1, bytes: 9 });
    const before = await scene.downloaded(ROOT);
    const { contentDrift } = await scene.store(ROOT);
    expect(contentDrift).toEqual([]);
    expect(await scene.downloaded(ROOT)).not.toEqual(before);
    expect(await scene.leftOpen()).toEqual([]);
});

test("a server that lists other ETags than it answers is asked for each: settled, and drift is seen", async () => {
    await scene.write("a.bin", "ours-of-a");
    await scene.write("b.bin", "ours-of-b");
    scene.recorder.faults.set(
        reworded((text) => text.replace(/<ETag>[^<]*<\/ETag>/g, "<ETag>listed</ETag>")),
        Number.POSITIVE_INFINITY,
        /^GET .*list-type=2/,
    );
    const state = await scene.store(ROOT);
    expect(state.contentDrift).toEqual([]);
    expect(await scene.pending(ROOT)).toBe(undefined);
    await scene.outside.put(scene.bucket, `${ROOT}/a.bin`, "theirs-a!");
    expect((await scene.read(ROOT, state)).contentDrift).toEqual(["changed: a.bin"]);
    expect(await scene.pending(ROOT)).toMatchObject({ files: 1 });
});

testWriterRaces([1, 2], () => sandbox);
