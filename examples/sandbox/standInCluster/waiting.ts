import { type KubernetesObject, keyOf } from "../kubernetes/objects";

/** What takes time in a real cluster takes a moment here, so that each state is there to be seen. */
export class Waiting {
    private readonly since = new Map<string, number>();

    /** @param moment In milliseconds. */
    constructor(private readonly moment: number) {}

    /** Whether the object has been in a state for a moment: from the first time that it is asked for. */
    isOver(object: KubernetesObject, state: string): boolean {
        const key = `${object.metadata.uid ?? keyOf(object)} ${state}`;
        const since = this.since.get(key) ?? Date.now();
        this.since.set(key, since);
        return Date.now() - since >= this.moment;
    }
}
