import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS, paged, pageOf, repository } from "../parameters.js";
import { atOrNull } from "./schemas.js";

const kind = z.enum(["drifted", "missing", "absent", "incomplete", "adopted"]);
const textOrNull = z.string().nullable();
/** A name, or the digest of what has none. */
const word = z.string().max(255);

const finding = z
  .object({
    kind,
    repository: z.string(),
    tag: textOrNull.meta({ description: "`null` of a manifest that lacks something." }),
    digest: z.string().meta({ description: "What the ledger has." }),
    found: textOrNull.meta({ description: "Of what drifted: what the registry has instead." }),
    part: textOrNull.meta({ description: "Of what is incomplete: what the registry lacks." }),
    since: atOrNull.meta({ description: "`null`: it does not count yet." }),
    sightings: z
      .number()
      .nullable()
      .meta({ description: "In how many passes in a row the tag was not at the registry." }),
  })
  .meta({ id: "Finding" });

export const listFindings = operation({
  ...({ by: "gateway", method: "GET", who: "view", group: "Operations" } as const),
  id: "discovery.findings",
  path: "/discovery/findings",
  summary: "What passes of discovery found",
  description:
    "In repositories that one may pull, as it stands now: tags that mean something else at the registry (`drifted`), that it lacks (`missing`; `absent`: not often enough to count), " +
    "manifests that lack a part (`incomplete`), and tags that nobody pushed here (`adopted`). Kind by kind, by repository and name. A page may be short and yet say `next`, where one may know of few.",
  parameters: NO_PARAMETERS,
  query: paged({ kind: kind.optional(), repository: repository.optional() }),
  position: z.object({ kind, repository: word, name: word, part: word }),
  answers: { 200: { description: "A page of it.", schema: pageOf(finding) } },
});
