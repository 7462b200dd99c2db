/** The built package under each later line of Node. */
import { inject } from "vitest";
import { testNodeVersions } from "../support/nodeVersions";

testNodeVersions(["22.12.0", "24.11.1"], () => inject("sandbox"));
