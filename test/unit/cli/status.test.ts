import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { registryTable } from "../../../provider/cli/registryTable";
import { type Look, watch } from "../../../provider/cli/status";
import { failure } from "../../../provider/finding";
import type { RegistryRow } from "../../../provider/llmos/registries";
import { RecordingTerminal } from "../../support/recordingTerminal";

const alpha: RegistryRow = {
    state: "Active",
    name: "alpha",
    endpoint: "s3.registry.com:5000",
    bucket: "models",
    default: true,
    description: "",
    secretName: "keys",
    storageAddress: "",
    message: "S3 bucket is accessible",
};
const refused: RegistryRow = {
    ...alpha,
    state: "Inactive",
    name: "a-longer-name",
    default: false,
    message: "refused:\n\u001b[2Jrow two",
};
const TABLE = `State      Name            Endpoint               Bucket   Default
Active     alpha           s3.registry.com:5000   models   yes
Inactive   a-longer-name   s3.registry.com:5000   models
  refused: [2Jrow two
`;

describe("the table of registries", () => {
    const { colours } = new RecordingTerminal();

    it("has the columns of the LLMOS page, and the operator's message under an Inactive one, on one line", () => {
        expect(registryTable([alpha, refused], colours)).toBe(TABLE);
    });

    it("says that the operator has not looked yet", () => {
        const table = registryTable([{ ...refused, message: "" }], colours);
        expect(table).toContain("\n  The LLMOS operator has said nothing about it yet.\n");
    });

    it("says that there are no registries", () => {
        expect(registryTable([], colours)).toBe("The cluster has no registries.\n");
    });

    it("is the same but for its colours where there are colours", () => {
        const table = registryTable([alpha, refused], new RecordingTerminal(true, true).colours);
        expect(table).toContain("\u001b[32mActive\u001b[39m ");
        expect(table).toContain("\u001b[31mInactive\u001b[39m ");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours' own.
        expect(table.replace(/\u001b\[\d+m/g, "")).toBe(TABLE);
    });
});

const down = failure("cluster-unreachable", { found: "Down", where: "there", why: "so", next: "wait" });

/** Watches while each of these is seen in turn, then presses Ctrl-C in the middle of a look. */
async function watched(
    terminal: RecordingTerminal,
    seen: (RegistryRow[] | Error)[],
    json = false,
): Promise<void> {
    const look: Look = async (signal) => {
        const next = seen.shift();
        if (next instanceof Error) {
            throw next;
        }
        if (next) {
            return next;
        }
        setTimeout(() => terminal.interrupt(), 1);
        await sleep(60_000, undefined, { signal: signal as AbortSignal });
        return [];
    };
    await watch(terminal, look, { json }, 0);
}

describe("a watch", () => {
    it("writes a new table on a change only, where there is no screen", async () => {
        const terminal = new RecordingTerminal();
        await watched(terminal, [[alpha], [alpha], [alpha, refused], [alpha, refused], []]);
        const tables = terminal.stdout.split("\n\n");
        expect(tables.map((text) => text.trimEnd().split("\n").length)).toEqual([2, 4, 1]);
        expect(tables[1]).toBe(TABLE.trimEnd());
        expect(terminal.stderr).toBe("");
    });

    it("keeps the newest table on a screen", async () => {
        const terminal = new RecordingTerminal(true);
        await watched(terminal, [[alpha], [alpha, refused]]);
        expect(terminal.screen.slice(0, TABLE.length)).toBe(TABLE);
        expect(terminal.screen.slice(TABLE.length)).toMatch(
            /^\nAs of .*; each change is shown\. Ctrl-C ends\.\n$/,
        );
    });

    it("as JSON writes one line for each change", async () => {
        const terminal = new RecordingTerminal(true);
        await watched(terminal, [[alpha], [alpha], []], true);
        const [first = "", ...rest] = terminal.stdout.split("\n");
        expect(JSON.parse(first)).toEqual([alpha]);
        expect(rest).toEqual(["[]", ""]);
    });

    it("tells a failed look once, goes on, and shows the list again", async () => {
        const terminal = new RecordingTerminal(true);
        await watched(terminal, [[alpha], down, down, [alpha], down]);
        expect(terminal.stderr).toBe(`${down.message}\n`.repeat(2));
        expect(terminal.stdout.match(/alpha/g)).toHaveLength(2);
    });

    it("ends when the first look fails", async () => {
        await expect(watched(new RecordingTerminal(), [down])).rejects.toBe(down);
    });
});
