/**
 * Killed anywhere: the next `up` reaches what is declared. Two seeds here, a hundred in the long suite: the API server is
 * killed in the first `up`, and the engine while it makes changes.
 */
import { inject } from "vitest";
import { testKills } from "../support/kills";

testKills([10, 4], () => inject("cluster"));
