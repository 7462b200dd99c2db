/** The plugin as the engine starts it: it writes its port, serves, and ends with a signal or with the engine. */
import { startPlugin } from "./server";

async function main(): Promise<void> {
    const plugin = await startPlugin(() => void end());
    const end = async () => {
        await plugin.stop();
        process.exit(0);
    };
    process.once("SIGINT", () => void end());
    process.once("SIGTERM", () => void end());
    process.stdout.write(`${plugin.port}\n`);
}

main().catch((error: unknown) => {
    process.stderr.write(`The pulumi-llmos plugin could not start: ${error}\n`);
    process.exit(1);
});
