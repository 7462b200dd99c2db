/** Two of the seeded kills of an upload, one of the engine and one of the provider; the long suite has twenty. */
import { inject } from "vitest";
import { testUploadKills } from "../support/uploadKills";

testUploadKills(2, () => inject("sandbox"));
