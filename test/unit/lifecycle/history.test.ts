import { expect, it } from "vitest";
import { History } from "../../../provider/lifecycle/history";

const of = (subject: readonly unknown[], owner: string, shared = false) => ({
    type: "Bucket",
    subject,
    owner,
    shared,
});

it("a replacement has its successor under the name that it had before, too", () => {
    const history = new History();
    history.noteFormerOwner({ owner: "new" }, "old");
    expect(history.hasSuccessor({ owner: "old" })).toBe(false);
    history.noteCreated({ owner: "new" });
    expect(["new", "old", "other"].map((owner) => history.hasSuccessor({ owner }))).toEqual([
        true,
        true,
        false,
    ]);
});

it("what only uses something does not take the place of what makes it, in either order", () => {
    for (const order of [
        [false, true],
        [true, false],
    ]) {
        const history = new History();
        for (const shared of order) {
            history.noteDeclared(of(["there", "models"], shared ? "user" : "maker", shared));
        }
        expect(history.declared("Bucket", ["there", "models"])).toMatchObject({ owner: "maker" });
    }
});

it("knows what is declared by type and subject", () => {
    const history = new History();
    expect(history.knowsProgram).toBe(false);
    history.noteDeclared(of(["there", "models"], "one"));
    history.noteDeclared(of(["elsewhere", "models"], "two"));
    expect(history.knowsProgram).toBe(true);
    expect(history.declaredOf("Bucket").map(({ owner }) => owner)).toEqual(["one", "two"]);
    expect(history.declaredOf("BucketCors")).toEqual([]);
    expect(history.declared("BucketCors", ["there", "models"])).toBeUndefined();
});
