/** Kubeconfigs of all kinds, right and wrong, for promises that hold for any of them. */
import fc from "fast-check";

/** What may never be seen. Each stands where a kubeconfig has a secret. */
export const SECRETS = {
    token: "t0ken-0f-the-test",
    password: "pa55w0rd-of-the-test",
    key: "pr1vate-key-of-the-test",
    environment: "env1ronment-of-the-test",
    argument: "argum3nt-of-the-test",
    address: "addr3ss-of-the-test",
    idToken: "1d-token-of-the-test",
};

const NAMES = ["one", "two", "three"];
const name = fc.constantFrom(...NAMES);
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** In one of three. */
const rarely = <T>(value: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, value);

const PATHS = ["ca.crt", "./below/token", "/no/such/file", "/"];
const path = fc.constantFrom(...PATHS);

const exec = fc.record(
    {
        apiVersion: fc.constantFrom(
            "client.authentication.k8s.io/v1",
            "client.authentication.k8s.io/v1beta1",
            "client.authentication.k8s.io/v1alpha1",
        ),
        command: fc.constantFrom("aws", "./plugin", "../bin/plugin", ""),
        args: fc.constant(["--secret", SECRETS.argument]),
        env: fc.constant([{ name: "SECRET", value: SECRETS.environment }]),
        interactiveMode: fc.constantFrom("Never", "IfAvailable", "Always", "Sometimes"),
        installHint: fc.constant("get it\u001b[2J"),
        provideClusterInfo: fc.boolean(),
    },
    { requiredKeys: ["apiVersion", "command"] },
);

/** Users as they are, mostly; what only one in many has is rare. */
const user = fc.oneof(
    { weight: 6, arbitrary: fc.nat(9).map((each) => ({ token: `${SECRETS.token}-${each}` })) },
    { weight: 2, arbitrary: fc.constant({ username: "who", password: SECRETS.password }) },
    { weight: 2, arbitrary: fc.record({ exec }) },
    fc.record(
        {
            token: fc.constantFrom(SECRETS.token, `${SECRETS.token}\n`, `${SECRETS.token}\u0007`),
            tokenFile: path,
            as: fc.constantFrom("system:admin", "", "Jürgen"),
            "as-uid": fc.constant("17"),
            "as-groups": fc.constant(["one", "two"]),
            "as-user-extra": fc.constant({ "Scopes/acme(1)": ["a", "b"] }),
            "client-certificate": path,
            "client-key": path,
            "client-certificate-data": fc.constantFrom(base64("no certificate"), "???"),
            "client-key-data": fc.constant(base64(SECRETS.key)),
            "auth-provider": fc.record({
                name: fc.constantFrom("oidc", "gcp"),
                config: fc.constant({ "id-token": SECRETS.idToken, "client-secret": SECRETS.password }),
            }),
            exec,
        },
        { requiredKeys: [] },
    ),
);

const SERVERS = [
    "https://a.example.com:6443",
    "https://b.example.com/k8s/clusters/c-1",
    "https://127.0.0.1:6443",
    "http://127.0.0.1:8001",
];
const WRONG_SERVERS = [
    "c.example.com:6443",
    "",
    "ftp://d.example.com",
    "https://",
    `https://who:${SECRETS.address}@e.example.com`,
    `https://who:${SECRETS.address}%@e.example.com`,
    `who:${SECRETS.address}@f.example.com:6443`,
    SECRETS.token,
];

const cluster = fc.record(
    {
        server: fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom(...SERVERS) },
            fc.constantFrom(...WRONG_SERVERS),
        ),
        "insecure-skip-tls-verify": fc.boolean(),
        "certificate-authority": path,
        "certificate-authority-data": fc.constantFrom(base64("no certificate"), "%%%"),
        "tls-server-name": fc.constant("kubernetes"),
        "proxy-url": fc.constantFrom(
            "http://proxy:3128",
            `socks5://who:${SECRETS.password}@proxy`,
            SECRETS.token,
        ),
        "disable-compression": fc.boolean(),
    },
    { requiredKeys: ["server"] },
);
/** Most clusters are plain ones. */
const plain = fc.record({ server: fc.constantFrom(...SERVERS) });

const context = fc.record(
    { cluster: name, user: name, namespace: fc.constantFrom("default", "llmos-system") },
    { requiredKeys: ["cluster", "user"] },
);

/** An entry for each name; now and then one is missing. */
function entries<T>(key: string, entry: fc.Arbitrary<T>) {
    const all = fc
        .tuple(entry, entry, entry)
        .map((each) => each.map((value, index) => ({ name: NAMES[index], [key]: value })));
    return fc.tuple(all, fc.nat(15)).map(([list, missing]) => list.filter((_, index) => index !== missing));
}

/** A kubeconfig of the right form. */
export const kubeconfigs = fc.record(
    {
        apiVersion: fc.constant("v1"),
        kind: fc.constant("Config"),
        "current-context": name,
        contexts: entries("context", context),
        clusters: entries("cluster", fc.oneof({ weight: 7, arbitrary: plain }, cluster)),
        users: entries("user", user),
    },
    { requiredKeys: ["contexts", "clusters", "users"] },
);

/** Anything in the place of anything. */
const anything = fc.oneof(
    fc.constantFrom<unknown>(5, true, "", [], {}, [null], { name: 5 }, "\u0000", "\ud800", "__proto__"),
    fc.jsonValue({ maxDepth: 2 }),
);

/** A kubeconfig with one value of it, at whatever depth, exchanged, taken away or put in twice. */
export const damaged = fc
    .tuple(
        kubeconfigs,
        rarely(fc.array(fc.tuple(fc.nat(), fc.option(anything)), { minLength: 1, maxLength: 3 })),
    )
    .map(([kubeconfig, changes]) => {
        const copy: unknown = structuredClone(kubeconfig);
        for (const [where, value] of changes ?? []) {
            const places = placesIn(copy);
            const [holder, key] = places[where % places.length] ?? [{}, ""];
            if (value !== null) {
                (holder as Record<string, unknown>)[key] = structuredClone(value);
            } else if (Array.isArray(holder)) {
                holder.push(structuredClone(holder[Number(key)]));
            } else {
                delete (holder as Record<string, unknown>)[key];
            }
        }
        return copy;
    });

function placesIn(value: unknown): [object, string][] {
    return typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, each]) => [
              [value, key] as [object, string],
              ...placesIn(each),
          ])
        : [];
}

/** The text of one: as it is written, and with something in it that does not belong there. */
export const texts = fc
    .tuple(
        damaged,
        fc.constantFrom(0, 1),
        rarely(
            fc.tuple(
                fc.nat(),
                fc.constantFrom("[", "\t", "&a", "*a", ": ", "\n---\n", "<<", "\u0000", "!!binary "),
            ),
        ),
    )
    .map(([kubeconfig, indent, slip]) => {
        const text = JSON.stringify(kubeconfig, null, indent);
        const at = slip === undefined ? 0 : slip[0] % text.length;
        return slip === undefined ? text : text.slice(0, at) + slip[1] + text.slice(at);
    });
