/** Whether the engine is still there: nobody ends the process of a provider whose engine was killed. */
import { connect } from "node:net";

/** Between two looks, in milliseconds. */
const LOOK_MS = 2_000;

/** Calls `onGone` once nothing listens at the engine's address any more. Looking never keeps the process alive. */
export function watchEngine(address: string | undefined, onGone: () => void): void {
    const [, host, port] = /^(127\.0\.0\.1|localhost|\[::1\]):(\d+)$/.exec(address ?? "") ?? [];
    if (host === undefined) {
        return;
    }
    const timer = setInterval(() => {
        const socket = connect({ host: host.replace(/^\[|\]$/g, ""), port: Number(port) });
        socket.unref();
        socket.on("connect", () => socket.destroy());
        socket.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code === "ECONNREFUSED") {
                clearInterval(timer);
                onGone();
            }
        });
    }, LOOK_MS);
    timer.unref();
}
