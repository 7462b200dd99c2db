import type { Backends } from "./backend";
import { readyAfter, within } from "./condition";
import type { Model } from "./objects";
import type { Handler } from "./reconciler";

/**
 * Models and Datasets alike: each has a directory of its own in the bucket of its Registry. Source:
 * llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/model/model_controller.go and dataset/dataset_controller.go.
 */
export function storageRootHandler(kind: "model" | "dataset", backends: Backends): Handler<Model> {
    return {
        onChange({ metadata: { namespace, name }, spec, status = {} }) {
            return readyAfter(status, async (draft) => {
                const path = `${kind}s/${namespace}/${name}`;
                const bucket = await backends.named(spec.registry);
                await within(`failed to create directory ${path}`, () => bucket.createDirectory(path));
                draft.path = path;
            });
        },
        removal: {
            finalizer: `wrangler.cattle.io/${kind}.OnRemove`,
            async onRemove({ spec, status }) {
                const path = status?.path;
                // Never had a directory: there is nothing to delete, and maybe no registry to ask.
                if (!path) return;
                const bucket = await backends.named(spec.registry);
                await within(`failed to delete file ${path}`, () => bucket.delete(path));
            },
        },
    };
}
