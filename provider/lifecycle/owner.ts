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

/** For a person: which resource of which stack. Anything else that stands in a mark is told as it is. */
export function ownerWords(owner: string): string {
    const { stack, name } = OWNER.exec(owner)?.groups ?? {};
    return name === undefined ? `"${owner}"` : `"${name}" of the stack ${stack}`;
}
