/** Killed anywhere, a hundred times: `npx vitest run --project long test/long/kills.test.ts`. */
import { inject } from "vitest";
import { testKills } from "../support/kills";
import { seedsFrom } from "../support/seeded";

testKills(seedsFrom(1, 100), () => inject("cluster"));
