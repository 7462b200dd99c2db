/** Engine and provider killed at twenty seeded moments of an upload. */
import { inject } from "vitest";
import { testUploadKills } from "../support/uploadKills";

testUploadKills(20, () => inject("sandbox"));
