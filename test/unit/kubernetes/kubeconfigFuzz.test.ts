import { testKubeconfigs } from "../../support/kubeconfigFuzz";

testKubeconfigs(2_000);
