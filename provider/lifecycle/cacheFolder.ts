/** Where this machine keeps for this user what only saves time. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder of this user for what pulumi-llmos keeps; PULUMI_LLMOS_CACHE names another one. */
export function cacheFolder(): string {
    const own = process.env["PULUMI_LLMOS_CACHE"];
    if (own) {
        return own;
    }
    const macOs = process.platform === "darwin" ? join(homedir(), "Library", "Caches") : undefined;
    const windows = process.platform === "win32" ? process.env["LOCALAPPDATA"] : undefined;
    const caches = process.env["XDG_CACHE_HOME"] || macOs || windows || join(homedir(), ".cache");
    return join(caches, "pulumi-llmos");
}
