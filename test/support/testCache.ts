import { tmpdir } from "node:os";
import { join } from "node:path";

/** What this machine keeps for the tests of one run; it goes with the run. */
export function testCache(): string {
    return join(tmpdir(), "cache");
}
