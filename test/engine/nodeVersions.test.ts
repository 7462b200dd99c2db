/** The built package under the oldest Node that it promises; the long suite has each later line. */
import { inject } from "vitest";
import { testNodeVersions } from "../support/nodeVersions";

testNodeVersions(["20.19.0"], () => inject("sandbox"));
