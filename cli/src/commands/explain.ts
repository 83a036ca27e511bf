import { z } from "zod";
import type { Client } from "../client.js";

const answerSchema = z.object({
  allow: z.boolean(),
  reason: z.string(),
  rule: z.string().nullable(),
  trace: z.array(z.object({ rule: z.string(), outcome: z.string() })).default([]),
});

/** @returns whether the caller may do it, why, and which rules were looked at */
export async function explain(client: Client, action: string, repository: string): Promise<string> {
  const query = new URLSearchParams({ action, repository });
  const answer = answerSchema.parse(await client.call("GET", `/explain?${query.toString()}`));
  return [
    `${answer.allow ? "allowed" : "refused"}: ${answer.reason}`,
    `decided by ${answer.rule ?? "no rule"}`,
    ...answer.trace.map(({ rule, outcome }) => `  ${rule}: ${outcome}`),
  ].join("\n");
}
