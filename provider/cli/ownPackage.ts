import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What is read of a package.json. */
export interface PackageDescription {
    readonly version: string;
    readonly peerDependencies: Readonly<Record<string, string>>;
}

/** The package.json of the package that this file is part of. */
export function ownPackage(): PackageDescription {
    return JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf8"));
}
