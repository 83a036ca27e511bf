import { z } from "zod";
import { readView } from "#access-policy/read-view.js";
import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { MOST_LISTED } from "../upstream/registry-target.js";
import type { Upstream } from "../upstream/upstream.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import type { ExchangeOf } from "./exchange.js";

/** `repositories` is null at some releases when there is none. */
const catalogSchema = z.looseObject({ repositories: z.array(z.string()).nullable() });

/** Which repositories are asked for. */
export interface CatalogPage {
  readonly after: string;
  readonly limit: number;
  readonly view: View;
}

/**
 * The registry's own catalog, for as long as the ledger's is not known to be whole. Its `Link` may name what the caller may not
 * know of, so its pages are read here.
 *
 * @param upstream - the registry
 * @param exchange - the client's request
 * @param page - which repositories
 * @returns the names that the caller may know of, in the registry's order
 * @throws Fault UNAVAILABLE when the registry gives none
 */
export async function registryCatalog(
  upstream: Pick<Upstream, "listRepositories">,
  { caller, context }: ExchangeOf<"catalog">,
  { after, limit, view }: CatalogPage,
): Promise<readonly string[]> {
  const { has } = readView(view);
  const errand = {
    subject: caller.subject,
    clientAddress: context.client.address,
    requestId: context.requestId,
  };
  const names: string[] = [];
  let from = after;
  for (;;) {
    const query = new URLSearchParams({
      n: String(MOST_LISTED),
      ...(from === "" ? {} : { last: from }),
    });
    const answer = await upstream
      .listRepositories(query.toString(), errand)
      .catch((cause: unknown) => {
        throw new Fault("UNAVAILABLE", {
          message: "the registry did not answer; try again",
          cause,
        });
      });
    const found = namesIn(answer);
    names.push(...found.filter((name) => has(name) && !isMarkerRepository(name)));
    const last = found.at(-1);
    if (names.length >= limit || last === undefined || !answer.headers.has("link"))
      return names.slice(0, limit);
    // A registry that goes round in circles is not followed.
    if (last === from)
      throw new Fault("UNAVAILABLE", { message: "the registry's catalog has no end" });
    from = last;
  }
}

function namesIn({ status, body }: WholeAnswer): readonly string[] {
  if (status !== 200)
    throw new Fault("UNAVAILABLE", { message: `the registry answered ${status}` });
  const list = catalogSchema.safeParse(jsonOrNull(body.toString()));
  if (list.success) return list.data.repositories ?? [];
  throw new Fault("UNAVAILABLE", {
    message: "the registry's catalog cannot be read",
    cause: list.error,
  });
}
