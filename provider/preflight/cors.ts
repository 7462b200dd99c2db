/** Does the server let browsers on the LLMOS page in? */

import { askStore } from "../access/bucket";
import type { S3Server } from "../description/arguments";
import type { Finding, FindingCode } from "../finding";
import type { Context } from "../lifecycle";
import { WRITTEN } from "../lifecycle/questions";
import { within } from "../network/retry";
import { known } from "../reading";
import { type S3Connection, urlOf } from "../s3/client";
import { type CorsQuestion, decidingRule } from "../s3/cors/match";
import {
    askCors,
    askCorsUntilAllowed,
    type CorsAnswer,
    FOREIGN_ORIGIN,
    questionsOf,
    questionsOfPage,
} from "../s3/cors/probe";
import type { CorsRule, EnforcedBy } from "../s3/cors/rule";
import { storedCors } from "../s3/cors/writer";
import type { ObjectStore } from "../s3/objectStore";
import { bucketUrl } from "../s3/unsigned";
import { type Check, check, judged, skipped } from "./checks";
import { ruleWarnings } from "./corsRules";

/** Longest time for one question that a browser would ask, in milliseconds. */
const ANSWER_MS = 30_000;

/** What is declared for a bucket, and what decides there. */
export interface DeclaredCors {
    readonly bucket: string;
    readonly rules: readonly CorsRule[];
    readonly enforcedBy: EnforcedBy;
}

/** Asks as browsers on the declared origins would, and as one on a foreign origin; after a change of the rules. */
export async function proveCors(
    context: Context,
    { connection }: ObjectStore,
    { bucket, rules, enforcedBy }: DeclaredCors,
): Promise<Check[]> {
    const detail = `${urlOf(connection.endpoint)}/${bucket}`;
    return [
        ...(enforcedBy === "bucket" ? [judged(context, "cors", detail, [])] : []),
        await check(context, "cors-preflight", detail, async () => {
            // Nothing was written to a server without bucket CORS: there is nothing that it could need time for.
            const answers =
                enforcedBy === "bucket"
                    ? await askCorsUntilAllowed(context.clock, connection, bucket, questionsOf(rules))
                    : await askCors(connection, bucket, questionsOf(rules), within(ANSWER_MS));
            const refused = refusalFindings(connection, bucket, answers, reasonOf(enforcedBy));
            return refused.length > 0 ? refused : await foreignFindings(connection, bucket, rules);
        }),
    ];
}

/** What browsers on the declared origins are refused now, in one try. */
export async function corsRefusals(
    connection: S3Connection,
    { bucket, rules, enforcedBy }: DeclaredCors,
): Promise<Finding[]> {
    const answers = await askCors(connection, bucket, questionsOf(rules), within(ANSWER_MS));
    return refusalFindings(connection, bucket, answers, reasonOf(enforcedBy));
}

/** The same for preview. */
export async function askForCors(
    context: Context,
    connection: S3Connection,
    { bucket, rules, enforcedBy }: DeclaredCors,
): Promise<Finding[]> {
    const answers = await askAsBrowser(context, connection, bucket, questionsOf(rules));
    return refusalFindings(connection, bucket, answers, reasonOf(enforcedBy));
}

function askAsBrowser(
    context: Context,
    connection: S3Connection,
    bucket: string,
    questions: readonly CorsQuestion[],
): Promise<CorsAnswer[]> {
    const key = `${WRITTEN}preflight ${JSON.stringify([connection, bucket, questions])}`;
    return context.questions.ask(urlOf(connection.endpoint), key, (deadline) =>
        askCors(connection, bucket, questions, deadline),
    );
}

/**
 * CORS of a bucket of which nothing is declared: asked for `origins`, the addresses of the LLMOS page, or else for
 * those that the bucket's own rules name.
 */
export async function examineCors(
    context: Context,
    store: ObjectStore,
    bucket: string,
    origins: readonly string[],
): Promise<Check[]> {
    const { connection } = store;
    const stored = await askStore(context, connection, `rules ${bucket}`, async (limited) => {
        const reading = await storedCors(limited, bucket);
        return reading === "not-implemented" ? reading : (known(reading) ?? []);
    });
    const rules = stored === "not-implemented" ? [] : stored;
    const reason = stored === "not-implemented" ? stored : rules.length > 0 ? "stored" : "absent";
    const asked = origins.length > 0 ? questionsOfPage(origins) : questionsOf(rules);
    const questions = asked.length > 0 ? asked : questionsOfPage(["*"]);
    const answers = await askAsBrowser(context, connection, bucket, questions);
    const refused = refusalFindings(connection, bucket, answers, reason);
    const detail = `${urlOf(connection.endpoint)}/${bucket}`;
    if (refused.length > 0 && asked.length === 0 && reason === "not-implemented") {
        const hint = "the server has no bucket CORS; give --origin, the address of the LLMOS page";
        return [skipped(context, "cors", `not asked: ${hint}`)];
    }
    const findings = refused.length > 0 ? refused : ruleWarnings(rules);
    const from = [...new Set(questions.map(({ origin }) => origin))].join(", ");
    return [
        judged(context, "cors", `${detail}: uploads from ${asked.length > 0 ? from : "any page"}`, findings),
    ];
}

function reasonOf(enforcedBy: EnforcedBy): keyof typeof REFUSALS {
    return enforcedBy === "server" ? "not-implemented" : "stored";
}

/** The finding for the answers that a browser would stop at; none when it would stop at none. */
function refusalFindings(
    server: S3Server,
    bucket: string,
    answers: readonly CorsAnswer[],
    reason: keyof typeof REFUSALS,
): Finding[] {
    const refused = answers.filter(({ allowed }) => !allowed);
    const [first] = refused;
    if (!first) {
        return [];
    }
    const { origin } = first.question;
    const methods = refused
        .filter((each) => each.question.origin === origin)
        .map((each) => each.question.method);
    const { code, found, next } = REFUSALS[reason](bucket, first.server);
    return [
        {
            code,
            severity: "error",
            found: `${found}: a browser on ${origin} may not ${methods.join(", ")}`,
            where: `${bucketUrl(server, bucket)} (OPTIONS: ${first.said})`,
            why: "The LLMOS page uploads and downloads models and datasets from the browser, which asks for this first.",
            next,
            property: "cors",
        },
    ];
}

interface Refusal {
    readonly code: FindingCode;
    readonly found: string;
    readonly next: string;
}

const REFUSALS = {
    absent: (bucket: string): Refusal => ({
        code: "cors-absent",
        found: `The bucket "${bucket}" has no CORS rules`,
        next: 'Declare them: cors: { allowedOrigins: ["the address of the LLMOS page"] }.',
    }),
    stored: (bucket: string): Refusal => ({
        code: "cors-refused",
        found: `The bucket "${bucket}" has CORS rules, but the server refuses what a browser asks`,
        next: "Check that the rules name this origin exactly (scheme, host, port), and whether a proxy before the server drops OPTIONS requests or their headers.",
    }),
    "not-implemented": (_bucket: string, server: string): Refusal => ({
        code: "cors-not-implemented",
        found: "This S3 server has no bucket CORS, and its own settings do not let the LLMOS page in",
        next: `Allow the origin in the server's own configuration (${switchOf(server)}), or use a server with bucket CORS.`,
    }),
};

/** The setting of a server without bucket CORS, by its `Server` header; all that are known when it tells nothing. */
function switchOf(server: string): string {
    const known = SWITCHES.filter(({ name }) => server.toLowerCase().includes(name.toLowerCase()));
    return (known.length > 0 ? known : SWITCHES).map(({ name, setting }) => `${name}: ${setting}`).join("; ");
}

const SWITCHES = [
    { name: "MinIO", setting: "MINIO_API_CORS_ALLOW_ORIGIN" },
    { name: "S3Proxy", setting: "s3proxy.cors-allow-origins" },
];

/** A warning when the server lets any page in, whatever the rules say. */
async function foreignFindings(
    server: S3Server,
    bucket: string,
    rules: readonly CorsRule[],
): Promise<Finding[]> {
    const question: CorsQuestion = { origin: FOREIGN_ORIGIN, method: "PUT", headers: [] };
    if (decidingRule(rules, question) !== undefined) {
        return [];
    }
    const [answer] = await askCors(server, bucket, [question], within(ANSWER_MS));
    return answer?.allowed ? [openFinding(server, bucket, answer)] : [];
}

function openFinding(server: S3Server, bucket: string, { said }: CorsAnswer): Finding {
    return {
        code: "cors-open",
        severity: "warning",
        found: `The S3 server lets pages of every origin write to the bucket "${bucket}", whatever its CORS rules say`,
        where: `${bucketUrl(server, bucket)} (OPTIONS from ${FOREIGN_ORIGIN}: ${said})`,
        why: "Uploads from the LLMOS page work, but the declared origins restrict nobody.",
        next: "Nothing, if that is meant; otherwise restrict origins in the server's own configuration (on Garage, give the bucket a global alias).",
        property: "cors",
    };
}
