/** What a provider's process has done and seen so far, for rules that span two calls: one process runs one operation. */

/** One resource of the program, as far as this process was asked to check it. */
export interface Declaration {
    readonly type: string;
    /** What it stands for, as its lifecycle says. */
    readonly subject: readonly unknown[];
    readonly owner: string;
    /** It only uses what is there. */
    readonly shared: boolean;
}

/** Anything of a program with a name of its own. */
interface Owned {
    readonly owner?: string;
}

export class History {
    /** What creations of this process now stand for, where that is no resource: a folder of content, rules of a bucket. */
    readonly taken = new Set<string>();
    /** Default claims by cluster: the registry each program resource wants as the default. */
    readonly defaultClaims = new Map<string, Map<string, string>>();
    private readonly created = new Set<string>();
    private readonly formerOwners = new Map<string, string>();
    private readonly formerClusters = new Map<string, string>();
    private readonly declarations = new Map<string, Declaration>();

    /** Notes that a resource had another name before: an alias, a parent or a renamed stack has changed it. */
    noteFormerOwner({ owner = "" }: Owned, former: string): void {
        this.formerOwners.set(owner, former);
    }

    /** Notes that a resource is moved away from another cluster. */
    noteFormerCluster({ owner = "" }: Owned, clusterId: string): void {
        this.formerClusters.set(owner, clusterId);
    }

    /** The cluster that a resource is moved away from. */
    formerCluster(owner = ""): string | undefined {
        return this.formerClusters.get(owner);
    }

    /** Notes that a resource is created here. The end of a replacement speaks of the former one by its former name. */
    noteCreated({ owner = "" }: Owned): void {
        this.created.add(owner).add(this.formerOwners.get(owner) ?? owner);
    }

    /** Whether the resource was created anew in this process: a delete of it then ends a replacement. */
    hasSuccessor({ owner = "" }: Owned): boolean {
        return this.created.has(owner);
    }

    /** Notes what the program declares: what a resource stands for that the program has is still in use. */
    noteDeclared(declaration: Declaration): void {
        const key = keyOf(declaration);
        if (!declaration.shared || !this.declarations.has(key)) {
            this.declarations.set(key, declaration);
        }
    }

    /** What the program declares of that type with that subject. */
    declared(type: string, subject: readonly unknown[]): Declaration | undefined {
        return this.declarations.get(keyOf({ type, subject }));
    }

    /** All that the program declares of a type. */
    declaredOf(type: string): Declaration[] {
        return [...this.declarations.values()].filter((each) => each.type === type);
    }

    /** Whether this process knows the program. In a destroy nothing is checked, and so nothing is declared. */
    get knowsProgram(): boolean {
        return this.declarations.size > 0;
    }
}

function keyOf({ type, subject }: Pick<Declaration, "type" | "subject">): string {
    return JSON.stringify([type, ...subject]);
}
