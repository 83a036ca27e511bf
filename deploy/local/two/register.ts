/** Who registers the second registry: of the stand-ins that `npm start` knows, the one in the team that administers. */
const TOKEN = "alice-token";
/** Whose members administer a stack of two registries, if nothing else is said. */
export const ADMIN_TEAM = "alpha";

/**
 * Does what an operator does once: `wharf registries create`, and `… change` where it stands already.
 *
 * @param gateway - a gateway of the registry that registered itself
 * @param wanted - what the other is called, and where its gateway is this time
 * @returns why it could not be registered; `null`: it is
 */
export async function registerSecond(
  gateway: string,
  { service, url }: { readonly service: string; readonly url: string },
): Promise<string | null> {
  const ask = async (method: string, path: string, body: object): Promise<number> => {
    const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
    const answer = await fetch(`${gateway}/api/v1/registries${path}`, {
      ...{ method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) },
    });
    await answer.body?.cancel();
    return answer.status;
  };
  const made = await ask("POST", "", { service, url, description: "the second of two" });
  if (made !== 201 && made !== 409) return `POST /registries is answered ${made}`;
  // Whoever published it to others since has that kept.
  const change = made === 201 ? { publications: ["*"] } : { url };
  const changed = await ask("PATCH", `/${service}`, change);
  return changed === 200 ? null : `PATCH /registries/${service} is answered ${changed}`;
}
