/** The provider's lifecycles on each S3 server that this machine can run; a table says what works where. */
import { afterAll } from "vitest";
import { streamOutput } from "../../examples/sandbox/progress";
import { SERVERS } from "./servers";
import { suiteOn } from "./suite";

const output = streamOutput(process.stderr);
const table = suiteOn(SERVERS, output);

afterAll(() => output.log(`\n${table.toString()}\n`));
