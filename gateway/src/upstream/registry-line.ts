import { randomUUID } from "node:crypto";
import { MARKER } from "#registry-protocol/storage-marker.js";
import type { Upstream } from "./upstream.js";

/** A number that is none: lines differ in what they make of it, and tell their version by nothing else. */
const NO_NUMBER = "n=-1";

/**
 * @param upstream - asks the registry
 * @returns of which line it is, as far as its answers tell; `null`: it does not answer
 */
export async function registryLine(
  upstream: Pick<Upstream, "listRepositories" | "listTags">,
): Promise<"2.8" | "3.0" | "3.1" | null> {
  const errand = { subject: "", clientAddress: "", requestId: randomUUID() };
  try {
    const catalog = await upstream.listRepositories(NO_NUMBER, errand);
    if (catalog.status === 200) return "2.8";
    const tags = await upstream.listTags(MARKER.repository, NO_NUMBER, errand);
    return tags.status === 200 ? "3.0" : "3.1";
  } catch {
    return null;
  }
}
