/** A cluster as preview asks it: reads only, each once a process and in its time. */
import { type Questions, WRITTEN } from "../lifecycle/questions";
import { known, type Reading, readingOf } from "../reading";
import type { AccessReview, Cluster, ClusterReader, KubernetesObject } from "./cluster";

export class QuestionedCluster implements ClusterReader {
    constructor(
        private readonly cluster: Cluster,
        /** Of the cluster and its user, for the memory of `questions`. */
        private readonly name: string,
        private readonly questions: Questions,
    ) {}

    get server(): string {
        return this.cluster.server;
    }

    /** Who the cluster is; that it is there at all, and lets this user in, is the same question. */
    identity(): Promise<string> {
        return this.ask("identity", (cluster) => cluster.identity());
    }

    read<T extends KubernetesObject>(path: string): Promise<Reading<T>> {
        return readingOf(() =>
            this.askKnown(`${WRITTEN}${path}`, async (cluster) => known(await cluster.read<T>(path))),
        );
    }

    list<T extends KubernetesObject>(path: string): Promise<T[] | undefined> {
        return this.askKnown(`${WRITTEN}list ${path}`, (cluster) => cluster.list<T>(path));
    }

    review(attributes: object): Promise<AccessReview | undefined> {
        return this.askKnown(`review ${JSON.stringify(attributes)}`, (cluster) => cluster.review(attributes));
    }

    /** Of a cluster that has said who it is: what stands in the way of that stands in the way of all. */
    private async askKnown<T>(key: string, question: (cluster: Cluster) => Promise<T>): Promise<T> {
        await this.identity();
        return await this.ask(key, question);
    }

    private ask<T>(key: string, question: (cluster: Cluster) => Promise<T>): Promise<T> {
        return this.questions.ask(this.server, `${key} of ${this.name}`, (deadline) =>
            question(this.cluster.within(deadline)),
        );
    }
}
