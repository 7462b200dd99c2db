/** Killed anywhere: the next `up` reaches what is declared. Ten seeds here, a hundred in the long suite. */
import { testKills } from "../support/kills";

testKills(10);
