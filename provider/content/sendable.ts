/** What of the files to be sent cannot or should not be: told before anything is sent. */
import { constants } from "node:fs";
import { access, open } from "node:fs/promises";
import { failure, type LlmosError } from "../finding";
import type { LocalFile } from "./localFiles";
import { countOf, someOf } from "./progress";

/** Files that are looked at at once. */
const AT_ONCE = 32;

/** Longest key, in bytes of UTF-8 (S3 documentation, "Naming Amazon S3 objects"). */
const LONGEST_KEY_BYTES = 1_024;

/** A pointer is smaller than this, and begins like that (Git LFS specification, "The Pointer"). */
const POINTER_BYTES = 1_024;
const POINTER_START = "version https://git-lfs.github.com/spec/v1\n";

/** Refuses what cannot be read, pointers of Git LFS, and names that no key holds. `root` is the prefix of the keys. */
export async function refuseUnsendable(files: readonly LocalFile[], root: string): Promise<void> {
    const unreadable: string[] = [];
    const pointers: string[] = [];
    for (let start = 0; start < files.length; start += AT_ONCE) {
        const looks = files
            .slice(start, start + AT_ONCE)
            .map(async (file) => ({ file, found: await look(file) }));
        for (const { file, found } of await Promise.all(looks)) {
            if (found === "pointer") {
                pointers.push(file.path);
            } else if (found !== "file") {
                unreadable.push(`${file.path}: ${found.code}`);
            }
        }
    }
    const tooLong = files
        .map(({ path }) => path)
        .filter((path) => Buffer.byteLength(root + path) > LONGEST_KEY_BYTES);
    if (unreadable.length > 0) {
        throw unusable(
            `${countOf(unreadable.length, "file")} of the content cannot be read (${someOf(unreadable)})`,
            "Give this user the right to read them, see that their disk is there, or leave them out with an ignore pattern.",
        );
    }
    if (pointers.length > 0) {
        throw unusable(
            `${countOf(pointers.length, "file")} of the content ${pointers.length === 1 ? "is a pointer" : "are pointers"} of Git LFS, and not what the pointer stands for (${someOf(pointers)})`,
            "Run `git lfs pull` in the repository, or leave them out with an ignore pattern.",
        );
    }
    if (tooLong.length > 0) {
        throw unusable(
            `${countOf(tooLong.length, "file")} of the content ${tooLong.length === 1 ? "has a path" : "have paths"} for which an object's key has no room: with "${root}" it would be longer than ${LONGEST_KEY_BYTES} bytes (${someOf(tooLong)})`,
            "Rename them, or leave them out with an ignore pattern.",
        );
    }
}

type Found = "file" | "pointer" | { readonly code: string };

async function look({ file, size }: LocalFile): Promise<Found> {
    try {
        return size < POINTER_BYTES
            ? await lookInto(file)
            : await access(file, constants.R_OK).then(() => "file");
    } catch (error) {
        return { code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
    }
}

async function lookInto(file: string): Promise<Found> {
    const handle = await open(file);
    try {
        const { buffer, bytesRead } = await handle.read(
            Buffer.alloc(POINTER_START.length),
            0,
            POINTER_START.length,
            0,
        );
        return buffer.toString("latin1", 0, bytesRead) === POINTER_START ? "pointer" : "file";
    } finally {
        await handle.close();
    }
}

function unusable(found: string, next: string): LlmosError {
    return failure("content-unusable", {
        found,
        where: "content",
        why: "It is the content of a model or dataset, which LLMOS reads from the bucket by its path.",
        next,
        property: "content",
    });
}
