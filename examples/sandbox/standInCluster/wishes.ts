import type { KubernetesObject } from "../kubernetes/objects";
import { SETTINGS, type Settings } from "../standInSettings";

/** What can be wished for: whether an object may be made, how a Job ends, and whether a snapshot is taken. */
export type Step =
    | "create-pvc"
    | "create-serviceaccount"
    | "create-job"
    | "create-snapshot"
    | "job"
    | "snapshot";

/** What is to become of a step: `fail` for good, or `failOnce` and go well after that. */
export interface Wish {
    readonly outcome: "succeed" | "fail" | "failOnce" | "hang";
    /** What is said of a failure. */
    readonly text: string;
}

const SUCCESS: Wish = { outcome: "succeed", text: "" };
const UNSAID = "the stand-in was told to fail here";
const outcomes: Record<string, Wish["outcome"]> = {
    succeed: "succeed",
    fail: "fail",
    "fail once": "failOnce",
    hang: "hang",
};

/** What the settings say of the steps of a publication; without a word, everything goes well. */
export class Wishes {
    constructor(private readonly settings: () => Promise<Settings>) {}

    /**
     * What is wished for a step of the object: the value of `<namespace>.<name>.<step>`, or else of `<step>`. A value is
     * `succeed`, `fail`, `fail: TEXT`, `fail once`, `fail once: TEXT` or `hang`. Fails on any other.
     */
    async of(step: Step, { metadata: { namespace, name } }: KubernetesObject): Promise<Wish> {
        const settings = await this.settings();
        const wanted = settings[`${namespace}.${name}.${step}`] ?? settings[step];
        return wanted === undefined ? SUCCESS : parsed(wanted);
    }
}

function parsed(wanted: string): Wish {
    const [, word = "", text] = /^([a-z ]*)(?:: (.*))?$/s.exec(wanted.trim()) ?? [];
    const outcome = outcomes[word];
    if (outcome === undefined) {
        const values = Object.keys(outcomes).join(", ");
        throw new Error(`ConfigMap ${SETTINGS.namespace}/${SETTINGS.name}: "${wanted}" is none of ${values}`);
    }
    return { outcome, text: text ?? UNSAID };
}
