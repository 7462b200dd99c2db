/** Which object of the API it is. */

export interface ObjectRef {
    readonly apiVersion: string;
    readonly kind: string;
    /** Path of its collection, of its namespace where it has one. */
    readonly collection: string;
    readonly namespace?: string;
    readonly name: string;
}

export function pathOf({ collection, name }: ObjectRef): string {
    return `${collection}/${name}`;
}
