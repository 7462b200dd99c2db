/** The two programs that are measured against each other: registries, and as many resources that do nothing. */

/** `values.count` registries on one endpoint, the first of them the default. */
export const REGISTRIES = `
for (let index = 0; index < values.count; index += 1) {
    new llmos.Registry(\`bench-\${values.count}-\${index}\`, {
        description: \`Registry \${index} of the benchmark\`,
        endpoint: values.endpoint,
        bucket: { name: \`bench-\${values.count}-\${index}\` },
        credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
        cors: { allowedOrigins: ["https://llmos.example.com"] },
        default: index === 0,
    });
}
`;

/**
 * The floor: the same tree of components and dynamic resources, in the same order, with inputs and outputs of
 * the same size and a serialised provider of the same length, whose functions do nothing.
 */
export const FLOOR = `
const inputs = { text: "x".repeat(400), secret: pulumi.secret("y".repeat(60)) };
const provider = {
    configure: async (request) => { /* ${"pads the text to the length of ours ".repeat(3)} */ },
    check: async (olds, news) => ({ inputs: news /* ${"pads ".repeat(30)} */ }),
    diff: async (id, olds, news) => ({ changes: false /* ${"pads ".repeat(30)} */ }),
    create: async (props) => ({ id: "done", outs: { ...props, made: "z".repeat(400) } }),
    read: async (id, props) => ({ id, props, inputs: { text: props.text, secret: props.secret } }),
    update: async (id, olds, news) => ({ outs: { ...news, made: "z".repeat(400) } }),
    delete: async (id, props) => { /* ${"pads ".repeat(30)} */ },
};
class Part extends pulumi.dynamic.Resource {
    constructor(name, options) {
        super(provider, name, { ...inputs, made: undefined }, options, "floor", "Part");
    }
}
class Whole extends pulumi.ComponentResource {
    constructor(name, parts) {
        super("floor:index:Whole", name);
        const made = [];
        for (const part of parts) {
            made.push(new Part(\`\${name}-\${part}\`, { parent: this, dependsOn: [...made] }));
        }
        this.registerOutputs({ made: made.map((part) => part.made) });
    }
}
for (let index = 0; index < values.count; index += 1) {
    const last = index === 0 ? ["default"] : [];
    new Whole(\`floor-\${index}\`, ["bucket", "secret", "cors", "registry", ...last]);
}
`;
