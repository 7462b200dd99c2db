/** Tells, beside vitest's own line for each file, what vitest does not: which files were slow, and how one runs alone. */
import type { Reporter, TestModule, TestSuite } from "vitest/node" with { "resolution-mode": "import" };

const SHOWN = 10;

interface Timed {
    readonly project: string;
    readonly file: string;
    readonly milliseconds: number;
    readonly failed: boolean;
}

/**
 * The files of the project `cluster` are suites of one file (`test/cluster/all.test.ts`): each gets its line here, as
 * vitest gives one to each file.
 */
export default class implements Reporter {
    private readonly started = new Map<string, number>();
    private readonly timed: Timed[] = [];

    onTestSuiteReady(suite: TestSuite): void {
        if (isFile(suite)) {
            this.started.set(suite.id, performance.now());
        }
    }

    onTestSuiteResult(suite: TestSuite): void {
        const started = this.started.get(suite.id);
        if (started !== undefined && suite.state() !== "skipped") {
            const milliseconds = performance.now() - started;
            const failed = !suite.ok();
            this.timed.push({ project: suite.project.name, file: suite.name, milliseconds, failed });
            const count = [...suite.children.allTests()].length;
            console.log(
                ` ${failed ? "❯" : "✓"}  ${suite.project.name}  ${suite.name} (${count} tests) ${Math.round(milliseconds)}ms`,
            );
        }
    }

    onTestModuleEnd(module: TestModule): void {
        if (![...module.children.suites()].some(isFile)) {
            const milliseconds = module.diagnostic().duration;
            const file = module.relativeModuleId;
            this.timed.push({ project: module.project.name, file, milliseconds, failed: !module.ok() });
        }
    }

    onTestRunEnd(): void {
        const slowest = this.timed.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, SHOWN);
        const lines = slowest.map(({ milliseconds, project, file }) => {
            return `${(milliseconds / 1_000).toFixed(1).padStart(8)} s  ${project.padEnd(8)} ${file}`;
        });
        const alone = this.timed.filter(({ failed }) => failed);
        const commands = (alone.length > 0 ? alone : slowest.slice(0, 1)).map(
            ({ project, file }) => `  npx vitest run --project ${project} ${file}`,
        );
        const title = `The slowest of ${this.timed.length} files:`;
        console.log(
            [title, ...lines, "", "One file alone, after npm run build:", ...commands, ""].join("\n"),
        );
    }
}

function isFile(suite: TestSuite): boolean {
    return suite.parent.type === "module" && suite.name.endsWith(".test.ts");
}
