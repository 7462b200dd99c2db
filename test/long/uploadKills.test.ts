/** Engine and provider killed at twenty seeded moments of an upload. */
import { inject } from "vitest";
import { seedsFrom } from "../support/seeded";
import { testUploadKills } from "../support/uploadKills";

testUploadKills(seedsFrom(1, 20), () => inject("sandbox"));
