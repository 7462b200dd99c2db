/** The words for what an API server refuses. */
import { failure, type LlmosError } from "../finding";
import { isBusy } from "../network/retry";
import { type ApiAnswer, denialOf, outageOf, type Transport } from "./transport";

/** The API server's `Status`, as far as it is read. */
interface Status {
    readonly kind: "Status";
    readonly reason?: string;
    readonly message?: string;
}

/** Why the API server did not do what it was asked for. */
export function refusal(
    { server, renewal }: Pick<Transport, "server" | "renewal">,
    verb: string,
    path: string,
    answer: ApiAnswer,
): LlmosError {
    const said = isStatus(answer.body) ? answer.body.message : undefined;
    const where = `${server}${path.split("?")[0]}`;
    if (answer.status === 404 && !isStatus(answer.body)) {
        return crdsMissing(server, path);
    }
    const denial = denialOf(answer.body);
    if (denial !== undefined) {
        return denied(verb, where, denial);
    }
    const outage = outageOf(answer.body);
    if (outage) {
        return webhookOutage(verb, where, outage, answer);
    }
    if (isBusy(answer.status)) {
        return overloaded(verb, `${where} (status ${answer.status})`, said, answer);
    }
    if (answer.status === 401) {
        return loginRefused(`${where} (status 401)`, renewal);
    }
    const forbidden = answer.status === 403;
    return failure(forbidden ? "cluster-forbidden" : "cluster-refused", {
        found: `The API server refuses to ${verb}: ${said ?? `status ${answer.status}`}`,
        where: `${where} (status ${answer.status})`,
        why: "The provider manages the Registry object and its Secret through these calls.",
        next: forbidden
            ? "Use a kubeconfig whose user may do this; the README lists the permissions (Requirements)."
            : "Correct what the API server says, then run again.",
    });
}

/** Nothing is said of rights: the server does not know who asks. */
function loginRefused(where: string, renewal: string): LlmosError {
    return failure("login-refused", {
        found: "The API server does not take the login of the kubeconfig's user: it has expired, or is not of this cluster",
        where,
        why: "The provider manages the Registry object and its Secret as that user.",
        next: renewal,
    });
}

/** The LLMOS operator's definitions are not installed. */
export function crdsMissing(server: string, path: string): LlmosError {
    return failure("crds-missing", {
        found: "The cluster does not know the kind Registry of ml.llmos.ai/v1",
        where: `${server}${path.split("?")[0]}`,
        why: "Without the LLMOS operator's custom resource definitions there are no registries.",
        next: "Check that this is the LLMOS cluster (kubeconfig, context) and that the LLMOS operator is installed.",
    });
}

/** A rule of the cluster, of LLMOS mostly, and in its words. */
function denied(verb: string, where: string, said: string): LlmosError {
    return failure("write-denied", {
        found: `The cluster's rules do not let this ${verb}: ${said}`,
        where: `${where} (admission webhook)`,
        why: "LLMOS checks models and datasets before they are written.",
        next: "Correct what it names, then run again.",
    });
}

/** Nothing is wrong with the API server: it may not write what a webhook has not seen. */
function webhookOutage(
    verb: string,
    where: string,
    { webhook, said }: NonNullable<ReturnType<typeof outageOf>>,
    answer: ApiAnswer,
): LlmosError {
    const isLlmos = webhook.includes("llmos");
    return failure("webhook-unreachable", {
        found: `The API server cannot ${verb}: it cannot call the admission webhook "${webhook}": ${said}`,
        where,
        why: isLlmos
            ? "The webhook server of LLMOS checks models and datasets before they are written; without it the API server writes none."
            : "As long as that lasts, the API server does not write the object.",
        next: `${askedSoFar(answer)} Check the ${isLlmos ? "webhook server of LLMOS (kubectl get pods --namespace llmos-system)" : "server behind that webhook"}, then run again.`,
    });
}

/** How often the server was asked, and how long it wants not to be. */
function askedSoFar({ tries, retryAfter }: ApiAnswer): string {
    const asked = tries === 1 ? "It was asked once" : `It was asked ${tries} times`;
    const seconds = Math.ceil(retryAfter / 1_000);
    return seconds > 0 ? `${asked}, and wants to be asked again in ${seconds} s.` : `${asked}.`;
}

/** Nothing is wrong with the request: it was sent again until time was up. */
function overloaded(verb: string, where: string, said: string | undefined, answer: ApiAnswer): LlmosError {
    return failure("cluster-refused", {
        found: `The API server, or a proxy before it, cannot ${verb} now${said ? `: ${said}` : ""}`,
        where,
        why: "The provider manages the Registry object and its Secret through these calls.",
        next: `${askedSoFar(answer)} Check its health (kubectl get --raw /readyz), then run again.`,
    });
}

export function isStatus(body: unknown): body is Status {
    return typeof body === "object" && body !== null && (body as Status).kind === "Status";
}
