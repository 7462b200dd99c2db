/**
 * One upload by the provider's own code, in a process that has loaded what a provider's process has: its memory is then the
 * memory of a real one. Takes its task as JSON in the first argument, and prints seconds and peak memory as JSON.
 */
const { performance } = require("node:perf_hooks");
require("@pulumi/pulumi");
require("@kubernetes/client-node");
const { realContext } = require("../../dist/context.js");
const { storeContent } = require("../../dist/content/content.js");

const { connection, bucket, content, path } = JSON.parse(process.argv[2]);
const silent = async () => {};

(async () => {
    const context = realContext({}, { info: silent, warn: silent });
    const store = await context.contentStore(connection, bucket);
    const started = performance.now();
    await storeContent(context, { content }, "bench", path, store);
    const seconds = (performance.now() - started) / 1_000;
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
    console.log(JSON.stringify({ seconds, cpuSeconds, peakMiB: Math.round(maxRSS / 1024) }));
    process.exit(0);
})();
