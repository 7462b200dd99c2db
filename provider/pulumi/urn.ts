/** The parts of a URN: `urn:pulumi:stack::project::qualified$type::name` (Pulumi, "Resource URNs"). */

export interface UrnParts {
    readonly stack: string;
    readonly project: string;
    /** The types of the parents and the resource's own, with the names that the plugin has for ours. */
    readonly qualifiedType: string;
    readonly name: string;
}

export function partsOf(urn: string): UrnParts {
    const [head = "", project = "", types = "", ...name] = urn.split("::");
    return {
        stack: head.replace(/^urn:pulumi:/, ""),
        project,
        qualifiedType: types.replaceAll("pulumi-nodejs:dynamic/llmos:", "llmos:index:"),
        name: name.join("::"),
    };
}
