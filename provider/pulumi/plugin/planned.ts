/**
 * What the program is still to make, as a plugin knows it: a check is not told which resources an argument comes from, but
 * they are checked before it. What an argument names was planned if a resource of that name was checked in this process.
 */
import type { Field, Table } from "../../description/fields";
import type { Properties } from "../../lifecycle";

export class Planned {
    private readonly names = new Set<string>();

    /** Notes what was checked: by the name that others know it by. */
    note(type: string, { name }: Properties): void {
        this.names.add(keyOf(type, name));
    }

    /** Arguments that name something planned; undefined when there are none. */
    awaitedIn(fields: Table, inputs: Properties): string[] | undefined {
        const names = Object.entries(fields).flatMap(([name, field]) =>
            this.isAwaited(field, inputs[name]) ? [name] : [],
        );
        return names.length > 0 ? names : undefined;
    }

    private isAwaited({ refers, kind }: Field<unknown>, value: unknown): boolean {
        if (refers !== undefined && this.names.has(keyOf(refers, value))) {
            return true;
        }
        return Object.entries(kind.fields ?? {}).some(([name, field]) =>
            this.isAwaited(field, (value as Properties | undefined)?.[name]),
        );
    }
}

function keyOf(type: string, name: unknown): string {
    return JSON.stringify([type, name]);
}
