/**
 * The login of a kubeconfig's user: what goes with each request. By the rules of client-go (rest and transport), of which the
 * least expected is that a plain http server is sent nothing secret.
 */
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { pluginRefusal, runPlugin } from "./execPlugin";
import { type ClusterEntry, quoted, Unusable, type UserEntry } from "./kubeconfig";

/** Who logs in, and where. */
export interface LoginSource {
    readonly server: string;
    /** `user:password` of the server's address. */
    readonly addressLogin?: string;
    readonly user: UserEntry;
    readonly cluster: ClusterEntry;
    readonly tls: { readonly ca?: Buffer };
}

/** What goes with a request. */
export interface Credentials {
    readonly headers: Readonly<Record<string, string | string[]>>;
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    /** When they are to be got anew, in milliseconds; undefined: when the API server no longer takes them. */
    readonly expires?: number | undefined;
}

/** As client-go, which reads a token's file again after that long: a mounted one is replaced before it runs out. */
const TOKEN_FILE_MS = 60_000;

/** What is wrong with the entry by kubectl's own rules, or cannot be done here; undefined when nothing is. */
export function userRefusal(user: UserEntry): string | undefined {
    const provider = user["auth-provider"];
    const extras = user["as-uid"] || user["as-groups"].length > 0 || user["as-user-extra"].size > 0;
    const hasToken = Boolean(user.token || user.tokenFile);
    const refusals = [
        ...(hasCertificate(user) ? [certificateRefusal(user)] : []),
        hasToken && hasPassword(user) && "has both a token and a password: take one of them away",
        extras &&
            !user.as &&
            "impersonates groups, a uid or extras (as-groups, as-uid, as-user-extra) without a user (as)",
        user.exec && provider && "has both an exec plugin and an auth-provider: take one of them away",
        user.exec && pluginRefusal(user.exec),
        provider &&
            provider.name !== "oidc" &&
            `has the auth-provider ${quoted(provider.name)}, which kubectl has no longer: use the exec plugin of your cluster's provider (gke-gcloud-auth-plugin, kubelogin)`,
    ];
    return refusals.find((each) => typeof each === "string" && each !== "") as string | undefined;
}

function certificateRefusal(user: UserEntry): string | undefined {
    for (const each of ["client-certificate", "client-key"] as const) {
        if (user[each] && user[`${each}-data`].length > 0) {
            return `has both ${each} and ${each}-data: take one of them away`;
        }
    }
    return user["client-key"] || user["client-key-data"].length > 0
        ? undefined
        : "has a client certificate without its key (client-key or client-key-data)";
}

/** Logs in. Fails with `Unusable`, in words that go on from "cannot log in: ". */
export async function logIn(source: LoginSource): Promise<Credentials> {
    const { user, server, addressLogin } = source;
    const impersonation = impersonationOf(user);
    const fallback = addressLogin === undefined ? {} : authorization("Basic", base64(addressLogin));
    if (!server.startsWith("https:")) {
        return { headers: { ...fallback, ...impersonation } };
    }
    const { authorization: own, ...rest } = await secretsOf(source);
    return { ...rest, headers: { ...(own ?? fallback), ...impersonation } };
}

/** Whether another login than the one that was refused can be had: a token that is written out stays what it is. */
export function isRenewable({ user, server }: LoginSource): boolean {
    const files = user.tokenFile || user["client-certificate"] || user["client-key"];
    return server.startsWith("https:") && Boolean(files || usesPlugin(user));
}

/** What to do about a login that the API server does not take. */
export function renewal({ user, server }: LoginSource): string {
    if (!server.startsWith("https:")) {
        return "The address is plain http, over which no login is sent: use the https:// address of the API server, or kubectl proxy.";
    }
    if (usesPlugin(user)) {
        return `Log in again with what ${quoted(user.exec?.command ?? "")} belongs to, and check it with kubectl auth whoami.`;
    }
    if (user.tokenFile) {
        return `Renew the token in ${quoted(user.tokenFile)}, and check it with kubectl auth whoami.`;
    }
    return user.token || user["auth-provider"] || hasCertificate(user) || hasPassword(user)
        ? "Log in again, so that the kubeconfig has a login that is valid now, and check it with kubectl auth whoami."
        : "Name a user with a login in the kubeconfig's context: this one has none.";
}

type Secrets = Omit<Credentials, "headers"> & { readonly authorization?: Credentials["headers"] };

async function secretsOf({ user, cluster, tls }: LoginSource): Promise<Secrets> {
    const certificate = hasCertificate(user) ? certificateOf(user) : {};
    if (user.token || user.tokenFile) {
        return { ...certificate, ...tokenOf(user) };
    }
    if (hasPassword(user)) {
        return {
            ...certificate,
            authorization: authorization("Basic", base64(`${user.username}:${user.password}`)),
        };
    }
    if (user.exec && usesPlugin(user)) {
        const given = await runPlugin(user.exec, cluster, tls.ca);
        return {
            ...(given.key && pair(given.certificate, given.key)),
            ...(given.token && { authorization: authorization("Bearer", given.token) }),
            expires: given.expires,
        };
    }
    return user["auth-provider"]
        ? { ...certificate, ...idTokenOf(user["auth-provider"].config) }
        : certificate;
}

/** A plugin is for those who have nothing else. */
function usesPlugin(user: UserEntry): boolean {
    return Boolean(
        user.exec && !user.token && !user.tokenFile && !hasPassword(user) && !hasCertificate(user),
    );
}

function hasPassword(user: UserEntry): boolean {
    return Boolean(user.username || user.password);
}

function hasCertificate(user: UserEntry): boolean {
    return Boolean(user["client-certificate"] || user["client-certificate-data"].length > 0);
}

/** A file's token before the one that is written out, which counts where the file cannot be read. */
function tokenOf({ token, tokenFile }: UserEntry): Secrets {
    if (!tokenFile) {
        return { authorization: authorization("Bearer", token) };
    }
    const expires = Date.now() + TOKEN_FILE_MS;
    try {
        const read = readFileSync(tokenFile, "utf8").trim();
        if (!read && !token) {
            throw new Unusable(`its tokenFile ${quoted(tokenFile)} is empty`);
        }
        return { authorization: authorization("Bearer", read || token), expires };
    } catch (error) {
        if (token) {
            return { authorization: authorization("Bearer", token), expires };
        }
        throw error instanceof Unusable ? error : unreadable("tokenFile", tokenFile, error);
    }
}

function certificateOf(user: UserEntry): Secrets {
    const [cert, key] = (["client-certificate", "client-key"] as const).map((name) => {
        try {
            return user[name] ? readFileSync(user[name]) : user[`${name}-data`];
        } catch (error) {
            throw unreadable(name, user[name], error);
        }
    });
    return pair(cert as Buffer, key as Buffer);
}

function pair(cert: string | Buffer, key: string | Buffer): Secrets {
    try {
        createSecureContext({ cert, key });
    } catch {
        throw new Unusable(
            "its client certificate or its key is no PEM, or is encrypted, or they do not belong together",
        );
    }
    return { cert, key };
}

/** kubectl renews it and writes it back; a token for renewal is spent by its use, and the kubeconfig is not ours to write. */
function idTokenOf(config: ReadonlyMap<string, string>): Secrets {
    const idToken = config.get("id-token") ?? "";
    const expires = expiryOf(idToken);
    if (expires === undefined || expires < Date.now()) {
        throw new Unusable(
            "the id-token of its auth-provider oidc is missing or has expired, and only kubectl renews it: run kubectl auth whoami, or use an exec plugin (kubelogin)",
        );
    }
    return { authorization: authorization("Bearer", idToken), expires };
}

/** The claim `exp` of a JSON web token, in milliseconds. */
function expiryOf(token: string): number | undefined {
    try {
        const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
        return typeof exp === "number" ? exp * 1_000 : undefined;
    } catch {
        return undefined;
    }
}

function impersonationOf(user: UserEntry): Credentials["headers"] {
    if (!user.as) {
        return {};
    }
    const headers: [string, readonly string[]][] = [
        ["Impersonate-User", [user.as]],
        ["Impersonate-Uid", user["as-uid"] ? [user["as-uid"]] : []],
        ["Impersonate-Group", user["as-groups"]],
        ...[...user["as-user-extra"]].map(([name, values]): [string, readonly string[]] => [
            `Impersonate-Extra-${escaped(name.toLowerCase())}`,
            values,
        ]),
    ];
    return Object.fromEntries(
        headers.map(([name, values]) => [
            name,
            values.map((value) => headerOf(value, "whom it impersonates")),
        ]),
    );
}

/** What may not stand in the name of a header, as the bytes that it has in UTF-8. */
function escaped(name: string): string {
    return [...Buffer.from(name, "utf8")]
        .map((byte) => String.fromCharCode(byte))
        .map((each) =>
            /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(each)
                ? each
                : `%${each.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
        )
        .join("");
}

function authorization(scheme: string, credential: string): Credentials["headers"] {
    return { Authorization: `${scheme} ${headerOf(credential, "the token")}` };
}

/** In UTF-8, as Go sends it. */
function headerOf(value: string, what: string): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no header may hold.
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
        throw new Unusable(`${what} holds a line break or another character that no request can carry`);
    }
    return Buffer.from(value, "utf8").toString("latin1");
}

function base64(text: string): string {
    return Buffer.from(text, "utf8").toString("base64");
}

function unreadable(name: string, file: string, error: unknown): Unusable {
    return new Unusable(
        `its ${name} ${quoted(file)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
}
