import type { Output } from "../../../examples/sandbox/progress";
import { fromClient, type Launch, required } from "../getting";

/** A jar that runs by itself. */
export interface Jar {
    readonly group: string;
    readonly artifact: string;
    readonly version: string;
    readonly classifier: string;
}

/** A jar, got once with Maven, and the Java that runs it. */
export async function fromMaven(jar: Jar, output: Output): Promise<Launch> {
    const { group, artifact, version, classifier } = jar;
    const java = required("java", `${artifact} runs on it`);
    const recipe = {
        name: artifact,
        version,
        file: `${artifact}-${version}-${classifier}.jar`,
        client: "mvn",
        runs: (folder: string) => [
            [
                "--quiet",
                "--batch-mode",
                "dependency:copy",
                `-Dartifact=${group}:${artifact}:${version}:jar:${classifier}`,
                `-DoutputDirectory=${folder}`,
            ],
        ],
    };
    return { program: java, args: ["-Xmx512m", "-jar", await fromClient(recipe, output)] };
}
