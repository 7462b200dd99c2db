import { SandboxProblem } from "../../../examples/sandbox/problem";
import type { Output } from "../../../examples/sandbox/progress";
import { fromClient, type Launch, required, versionOf } from "../getting";

/** A jar that runs by itself. */
export interface Jar {
    readonly name: string;
    readonly group: string;
    readonly artifact: string;
    readonly version: string;
    readonly classifier: string;
}

/** A jar, got once with Maven, and the Java that runs it. */
export async function fromMaven(jar: Jar, output: Output): Promise<Launch> {
    const { name, group, artifact, version, classifier } = jar;
    const java = required("java", `${name} runs on it`);
    await requireNewEnough(java, name);
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
    return { program: java, args: [...SHORT_LIVED, "-jar", await fromClient(recipe, output)] };
}

/** The oldest Java that the servers here run on, as the manifests of their jars say. */
const OLDEST_JAVA = 17;

/** Options for a JVM that lives for seconds: less is compiled, and with less zeal. */
const SHORT_LIVED = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

async function requireNewEnough(java: string, name: string): Promise<void> {
    // Java 8 does not even know how to tell its version in this way.
    const version = await versionOf(java);
    if (!(Number.parseInt(version, 10) >= OLDEST_JAVA)) {
        throw new SandboxProblem({
            found: `java on PATH is older than Java ${OLDEST_JAVA}`,
            where: `${java} (${version})`,
            why: `${name} needs Java ${OLDEST_JAVA} or newer`,
            next: `put Java ${OLDEST_JAVA} or newer on PATH, then run this again`,
        });
    }
}
