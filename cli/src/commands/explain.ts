import { z } from "zod";
import type { Client } from "../api/client.js";

const ruleSchema = z.object({ id: z.string(), at: z.string().nullable() });
const answerSchema = z.object({
  allow: z.boolean(),
  reason: z.string(),
  unmappedGroups: z.array(z.string()).default([]),
  // Administrators alone are told of rules.
  rule: ruleSchema.nullable().optional(),
  trace: z
    .array(
      z.object({ rule: ruleSchema, effect: z.string(), outcome: z.string(), because: z.string() }),
    )
    .default([]),
});

/** @returns whether the caller may do it and why; for administrators also which rules were looked at */
export async function explain(client: Client, action: string, repository: string): Promise<string> {
  const query = new URLSearchParams({ action, repository });
  const answer = answerSchema.parse(await client.call("GET", `/explain?${query.toString()}`));
  const verdict = [
    `${answer.allow ? "allowed" : "refused"}: ${answer.reason}`,
    ...answer.unmappedGroups.map((group) => `no team comes of your group ${JSON.stringify(group)}`),
  ];
  if (answer.rule === undefined) return verdict.join("\n");
  return [
    ...verdict,
    `decided by ${answer.rule === null ? "no rule" : describe(answer.rule)}`,
    ...answer.trace.map(
      ({ rule, effect, outcome, because }) =>
        `  ${outcome === "matched" ? "*" : " "} ${effect.padEnd(5)} ${describe(rule)}: ${because}`,
    ),
  ].join("\n");
}

function describe({ id, at }: z.infer<typeof ruleSchema>): string {
  return at === null ? id : `${id} (${at})`;
}
