/** A terminal that keeps what it is given. */
import picocolors from "picocolors";
import type { Terminal } from "../../provider/cli/terminal";

export class RecordingTerminal implements Terminal {
    stdout = "";
    stderr = "";
    /** What stands on the screen now. */
    screen = "";
    private readonly controller = new AbortController();
    readonly colours;
    readonly errorColours;

    constructor(
        readonly isScreen = false,
        coloured = false,
    ) {
        this.colours = picocolors.createColors(coloured);
        this.errorColours = this.colours;
    }

    write = (text: string): void => {
        this.stdout += text;
        this.screen += text;
    };

    tell = (text: string): void => {
        this.stderr += text;
        this.screen += text;
    };

    clear = (): void => {
        this.screen = "";
    };

    interrupted(): AbortSignal {
        return this.controller.signal;
    }

    interrupt(): void {
        this.controller.abort();
    }
}
