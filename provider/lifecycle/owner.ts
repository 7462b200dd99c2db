/**
 * The program resource that an object belongs to, as its mark names it: project, stack, the types of its parents with its
 * own, and its name. These are the parts of its URN, the same from every adapter, so that no two resources share one.
 */

/** Of a resource, by the qualified type of its URN (`parent$own`). */
export function ownerOf(project: string, stack: string, qualifiedType: string, name: string): string {
    return `${project}/${stack}::${qualifiedType}::${name}`;
}

const OWNER = /^(?<stack>[^:]+)::(?<types>.*?)::(?<name>.*)$/s;

/** The name of the resource. */
export function nameOf(owner: string): string {
    return OWNER.exec(owner)?.groups?.["name"] ?? owner;
}

/** Whether two owners are resources of one stack. */
export function areOfOneStack(one: string, other: string): boolean {
    const [stack, others] = [one, other].map((owner) => OWNER.exec(owner)?.groups?.["stack"]);
    return stack !== undefined && stack === others;
}

/**
 * For a person who is told about the resource `speakers` (it, and its former name): which resource of which stack. One of
 * its own stack is told with its type and those of its parents, which may be all that tells the two apart. Anything else
 * that stands in a mark is told as it is.
 */
export function ownerWords(owner: string, speakers: readonly string[]): string {
    const { stack, types, name } = OWNER.exec(owner)?.groups ?? {};
    if (name === undefined) {
        return `"${owner}"`;
    }
    return isOfStackOf(owner, speakers)
        ? `"${name}" (${types}) of this stack`
        : `"${name}" of the stack ${stack}`;
}

/** Whether it is a resource of the stack of `speakers`: it may be the same one, renamed or moved. */
export function isOfStackOf(owner: string | undefined, speakers: readonly string[]): boolean {
    return owner !== undefined && speakers.some((each) => areOfOneStack(each, owner));
}

/** What to do where something is in the hands of another resource of the same stack. */
export const ALIASES =
    'If that is this resource under its former name or parent, add it to `aliases` in the options of what was renamed or moved (Pulumi, "Aliases"). Otherwise choose another name.';
