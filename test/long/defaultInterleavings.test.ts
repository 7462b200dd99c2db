/** Forty races for the default flag. */
import { inject } from "vitest";
import { testDefaultInterleavings } from "../support/defaultInterleavings";

testDefaultInterleavings(40, () => inject("cluster"));
