/** One of the seeded kills of an upload, of the provider; the long suite has twenty, of the engine too. */
import { inject } from "vitest";
import { testUploadKills } from "../support/uploadKills";

testUploadKills([1], () => inject("sandbox"));
