/** Killed anywhere, a hundred times: `npx vitest run --project long test/long/kills.test.ts`. */
import { testKills } from "../support/kills";

testKills(100);
