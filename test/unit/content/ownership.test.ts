import { expect, test } from "vitest";
import type { ContentOwner } from "../../../provider/content/manifest";
import { type ContentClaim, isOurs } from "../../../provider/content/ownership";

const owner: ContentOwner = { cluster: "here", uid: "1", resource: "p/s::llmos:Model::llama" };
const { resource } = owner;
const resources = [{ cluster: "here", resource }];
const claim: ContentClaim = { what: "Model", path: "models/default/llama", owner, resources, adopt: false };
const moved: ContentClaim = { ...claim, resources: [...resources, { cluster: "there", resource }] };
const there: ContentOwner = { ...owner, cluster: "there", uid: "2" };

test.each<[string, ContentOwner | undefined, ContentClaim, boolean]>([
    ["that nobody has stored", undefined, claim, false],
    ["of the object", owner, claim, true],
    ["of the object, when its resource had another name", { ...owner, resource: "other" }, claim, true],
    ["of a former object of the resource, deleted or restored since", { ...owner, uid: "2" }, claim, true],
    ["of another resource's object of that name", { ...owner, uid: "2", resource: "other" }, claim, false],
    ["of an object with that UID in another cluster", { ...owner, cluster: "there" }, claim, false],
    ["of the resource, before its object is made", owner, { ...claim, owner: undefined }, true],
    [
        "of another resource, before the object is made",
        { ...owner, resource: "other" },
        { ...claim, owner: undefined },
        false,
    ],
    ["of the same resource in another cluster", there, claim, false],
    ["of the same resource in the cluster that it leaves", there, moved, true],
    ["of another resource in the cluster that it leaves", { ...there, resource: "other" }, moved, false],
    ["of no resource in the cluster that it leaves", { cluster: "there", uid: "2" }, moved, false],
    [
        "of no resource, to one without a name",
        { cluster: "there", uid: "2" },
        { ...moved, resources: [{ cluster: "there" }] },
        false,
    ],
])("a content %s", (_, named, of, expected) => {
    expect(isOurs(named, of)).toBe(expected);
});
