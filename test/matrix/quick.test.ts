/** The part of the matrix that is had in seconds, and so belongs to every run of the tests. */
import { streamOutput } from "../../examples/sandbox/progress";
import { QUICK_SERVERS } from "./servers";
import { suiteOn } from "./suite";

suiteOn(QUICK_SERVERS, streamOutput(process.stderr));
