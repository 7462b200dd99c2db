/** What we say that a CORS document answers, against what a real server answers by it. */
import { CreateBucketCommand, DeleteBucketCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { within } from "../../provider/network/retry";
import { toServer } from "../../provider/s3/cors/document";
import { type CorsQuestion, decidingRule } from "../../provider/s3/cors/match";
import { askCors } from "../../provider/s3/cors/probe";
import type { CorsMethod, CorsRule } from "../../provider/s3/cors/rule";
import { Outside } from "../support/outside";

const sandbox = inject("sandbox");
const { endpoint, caBundle } = sandbox.s3;
const Bucket = "cors-oracle";
const DOCUMENTS = 40;

let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await outside.s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
    await outside?.s3.send(new DeleteBucketCommand({ Bucket }));
    outside?.s3.destroy();
});

const origin = fc.constantFrom(
    "https://a.example.com",
    "https://b.example.com",
    "https://a.example.com:8443",
    "http://a.example.com",
);
const method = fc.constantFrom<CorsMethod>("GET", "PUT", "POST", "DELETE", "HEAD");
const header = fc.constantFrom("content-type", "Content-Type", "x-amz-date", "x-amz-meta-a");

const rule: fc.Arbitrary<CorsRule> = fc.record(
    {
        allowedOrigins: fc.array(
            fc.oneof(origin, fc.constantFrom("*", "https://*.example.com", "https://a*")),
            { minLength: 1, maxLength: 2 },
        ),
        allowedMethods: fc.uniqueArray(method, { minLength: 1, maxLength: 3 }),
        allowedHeaders: fc.array(fc.oneof(header, fc.constantFrom("*", "x-amz-*")), {
            minLength: 1,
            maxLength: 2,
        }),
    },
    { requiredKeys: ["allowedOrigins", "allowedMethods"] },
);
const question: fc.Arbitrary<CorsQuestion> = fc.record({
    origin,
    method,
    headers: fc.uniqueArray(header, { maxLength: 2, selector: (name) => name.toLowerCase() }),
});

test(`${DOCUMENTS} documents answer as the server does, to all that is asked`, async () => {
    const server = { endpoint, caBundle };
    await fc.assert(
        fc.asyncProperty(
            fc.array(rule, { minLength: 1, maxLength: 3 }),
            fc.array(question, { minLength: 8, maxLength: 8 }),
            async (rules, questions) => {
                const CORSConfiguration = { CORSRules: rules.map(toServer) };
                await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
                const answers = await askCors(server, Bucket, questions, within(30_000));
                const ours = questions.map((each) => decidingRule(rules, each) !== undefined);
                expect(answers.map(({ allowed }) => allowed)).toEqual(ours);
            },
        ),
        { numRuns: DOCUMENTS },
    );
});
