/** The configuration of a provider: of the stack for the default one, or the arguments of one that a program declares. */
import type { Decoding } from "../../description/decoding";
import { decodeFields, type Table } from "../../description/fields";
import type { Properties } from "../../lifecycle";
import { type Settings, settingsFields } from "../../lifecycle/settings";
import { opened, sealed } from "./values";

const FIELDS: Table = settingsFields;

/** The settings in it. The engine adds properties of its own, as the version of the plugin. */
export function settingsOf(properties: Properties): { settings: Settings; problems: string[] } {
    const given = Object.entries(opened(properties)).filter(([name]) => name in FIELDS);
    const decoding: Decoding = { problems: [], unknowns: [] };
    const settings = decodeFields<Properties>(FIELDS, Object.fromEntries(given), "", decoding);
    return {
        settings: settings as Settings,
        problems: decoding.problems.map(({ path, reason }) => `${path} ${reason}`),
    };
}

/** The same properties, with what may hold keys as a secret. */
export function checkedConfiguration(properties: Properties): Properties {
    return sealed(properties, FIELDS, properties);
}

/** Names of the settings that differ. None of them makes the resources of a provider others: `clusterId` does. */
export function changedSettings(before: Properties, after: Properties): string[] {
    const [olds, news] = [opened(before), opened(after)];
    return Object.keys(FIELDS).filter((name) => olds[name] !== news[name]);
}
