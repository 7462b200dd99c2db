/**
 * CORS judged by what the server does: the question that a browser asks before an upload from the LLMOS page. A stored
 * document is no proof: some servers store it and answer by another rule, some answer any origin without one
 * (measured on Garage, MinIO, moto, S3Mock).
 */

import type { Clock } from "../../clock";
import type { S3Server } from "../../description/arguments";
import { failure, failureOf } from "../../finding";
import { networkFinding } from "../../network/causes";
import { type Deadline, isBusy, within } from "../../network/retry";
import { s3Peer } from "../failures";
import { askUntil } from "../settling";
import { askUnsigned, bucketUrl } from "../unsigned";
import { allowsHeader, type CorsQuestion } from "./match";
import type { CorsRule } from "./rule";

/** What one bucket's server answered to one question. */
export interface CorsAnswer {
    readonly question: CorsQuestion;
    readonly allowed: boolean;
    /** Status and the headers that decide, for a person. */
    readonly said: string;
    /** The `Server` header; empty when there is none. */
    readonly server: string;
}

/** Methods that the LLMOS guide asks for ("CORS example"). */
export const GUIDE_METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD"] as const;

/** The header that a browser has to ask for when the LLMOS page puts a file. */
const UPLOAD_HEADER = "content-type";

/** Most questions to one bucket: enough for ten origins and five methods. */
const MAX_QUESTIONS = 50;

/** An origin that no rule of ours allows, unless it allows every origin (RFC 2606: `.invalid` never exists). */
export const FOREIGN_ORIGIN = "https://pulumi-llmos.invalid";

/** What a browser on the LLMOS page would ask, for each origin and each method of the guide. */
export function questionsOfPage(origins: readonly string[]): CorsQuestion[] {
    return origins.flatMap((origin) =>
        GUIDE_METHODS.map((method) => ({ origin: sampleOf(origin), method, headers: [UPLOAD_HEADER] })),
    );
}

/** Questions that these rules answer with yes: each origin with each of its methods. */
export function questionsOf(rules: readonly CorsRule[]): CorsQuestion[] {
    const questions = rules.flatMap((rule) =>
        rule.allowedOrigins.flatMap((origin) =>
            rule.allowedMethods.map((method) => ({
                origin: sampleOf(origin),
                method,
                headers: allowsHeader(rule, UPLOAD_HEADER) ? [UPLOAD_HEADER] : [],
            })),
        ),
    );
    const distinct = new Map(questions.map((question) => [JSON.stringify(question), question]));
    return [...distinct.values()].slice(0, MAX_QUESTIONS);
}

/** Asks all questions; a server that cannot be reached is an explained error. */
export async function askCors(
    server: S3Server,
    bucket: string,
    questions: readonly CorsQuestion[],
    deadline: Deadline,
): Promise<CorsAnswer[]> {
    return await Promise.all(questions.map((question) => askOne(server, bucket, question, deadline)));
}

async function askOne(
    server: S3Server,
    bucket: string,
    question: CorsQuestion,
    deadline: Deadline,
): Promise<CorsAnswer> {
    const headers = {
        Origin: question.origin,
        "Access-Control-Request-Method": question.method,
        ...(question.headers.length > 0 && { "Access-Control-Request-Headers": question.headers.join(",") }),
    } as Record<string, string>;
    const url = `${bucketUrl(server, bucket)}/.pulumi-llmos/cors-preflight`;
    try {
        const { statusCode = 0, headers: said } = await askUnsigned(
            server,
            { method: "OPTIONS", url, headers },
            deadline,
        );
        if (isBusy(statusCode)) {
            throw overloaded(url, statusCode);
        }
        return {
            question,
            allowed: statusCode >= 200 && statusCode < 300 && wouldProceed(question, said),
            said: `status ${statusCode}, Access-Control-Allow-Origin: ${said["access-control-allow-origin"] ?? "(none)"}, Access-Control-Allow-Methods: ${said["access-control-allow-methods"] ?? "(none)"}`,
            server: String(said.server ?? ""),
        };
    } catch (error) {
        const finding = networkFinding(error, s3Peer(server.endpoint));
        throw finding ? failureOf({ ...finding, property: "endpoint" }) : error;
    }
}

/** Nothing is said about CORS: it was asked again until time was up. */
function overloaded(url: string, status: number): Error {
    return failure("s3-failed", {
        found: `The S3 server, or a proxy before it, does not answer what a browser asks: status ${status}`,
        where: `${url} (OPTIONS)`,
        why: "The LLMOS page uploads and downloads models and datasets from the browser, which asks for this first.",
        next: "It was asked again for as long as there was time. Look at its log, and at the proxies before it, then run again.",
    });
}

/** What a browser makes of the answer (Fetch standard, "CORS-preflight fetch"), for a request without credentials. */
function wouldProceed({ origin, method, headers }: CorsQuestion, said: Record<string, unknown>): boolean {
    const allowedOrigin = said["access-control-allow-origin"];
    const methods = listed(said["access-control-allow-methods"]);
    const names = listed(said["access-control-allow-headers"]).map((name) => name.toLowerCase());
    return (
        (allowedOrigin === "*" || allowedOrigin === origin) &&
        (SAFE_METHODS.has(method) || methods.includes(method) || methods.includes("*")) &&
        headers.every((header) => names.includes(header.toLowerCase()) || names.includes("*"))
    );
}

/** Methods that need no permission (Fetch standard, "CORS-safelisted method"). */
const SAFE_METHODS = new Set(["GET", "HEAD", "POST"]);

function listed(header: unknown): string[] {
    return typeof header === "string" ? header.split(",").map((part) => part.trim()) : [];
}

/** An origin that a pattern stands for. */
function sampleOf(pattern: string): string {
    return pattern === "*" ? FOREIGN_ORIGIN : pattern.replace("*", "pulumi-llmos");
}

/** Longest time for one question, in milliseconds. */
const ANSWER_MS = 30_000;

/** Asks again while a question is refused: a store may take a moment to answer by new rules. */
export async function askCorsUntilAllowed(
    clock: Clock,
    server: S3Server,
    bucket: string,
    questions: readonly CorsQuestion[],
): Promise<CorsAnswer[]> {
    const ask = () => askCors(server, bucket, questions, within(ANSWER_MS));
    return await askUntil(clock, ask, (answers) => answers.every(({ allowed }) => allowed));
}
