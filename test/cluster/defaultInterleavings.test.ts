/** Ten of the races for the default flag; the long suite has forty. */
import { inject } from "vitest";
import { testDefaultInterleavings } from "../support/defaultInterleavings";

testDefaultInterleavings(10, () => inject("cluster"));
