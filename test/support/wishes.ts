import { expect } from "vitest";
import type { KubeRequest } from "./kubeRequest";

const all = "/api/v1/namespaces/llmos-system/configmaps";
const path = `${all}/stand-in`;

/**
 * Says how the stand-ins are to behave, beside what was said before; `null` takes it back. Keys and values:
 * examples/sandbox/standInSettings.ts.
 */
export async function wish(ask: KubeRequest, data: Record<string, string | null>): Promise<void> {
    // Files that run at the same time share it.
    await ask("POST", all, { metadata: { name: "stand-in" } });
    const { status, body } = await ask("PATCH", path, { data });
    expect(status, JSON.stringify(body)).toBe(200);
}
