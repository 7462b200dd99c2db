import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./processes";

/** Names the folder for the Pulumi projects of a run of the tests, which goes with the run. */
export const PROJECTS_VARIABLE = "PULUMI_LLMOS_TEST_PROJECTS";

/** A new folder for a Pulumi project, inside the repository: node finds the packages there as a user's would be found. */
export async function projectFolder(name: string): Promise<string> {
    const parent = process.env[PROJECTS_VARIABLE] ?? join(ROOT, ".sandbox", "projects");
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, `${name}-`));
}
