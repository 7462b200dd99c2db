/** Two writers of one content at once, at twenty seeded orders of their requests. */
import { inject } from "vitest";
import { seedsFrom } from "../support/seeded";
import { testWriterRaces } from "../support/writerRaces";

testWriterRaces(seedsFrom(1, 20), () => inject("sandbox"));
