import { z } from "zod";
import type { AuditGrant } from "#audit-log/entry.js";
import type { Access } from "#registry-protocol/scope.js";

/** By what a token was granted, as it says itself (`token-server/src/token/pack-grounds.ts`). */
export const groundsSchema = z.object({
  policy: z.string(),
  maker: z.string().optional(),
  rules: z
    .array(
      z.object({
        rule: z.string(),
        team: z.string().optional(),
        scope: z.string().optional(),
      }),
    )
    .optional(),
  by: z.array(z.array(z.number())).optional(),
});

/** By what each action of each access of a token was granted. */
export type GroundsClaim = z.output<typeof groundsSchema>;

/** Whoever shows a token, as far as it is about that. */
export interface Granted {
  readonly access: readonly Access[];
  readonly grant?: GroundsClaim;
}

/**
 * @param caller - what a verified token says
 * @param required - what a request takes; its last action is the one that it is about. `null`: any token will do
 * @returns by what they may, for the record; `null`: their token is of a version that did not say
 */
export function grantedBy({ access, grant }: Granted, required: Access | null): AuditGrant | null {
  if (grant === undefined || required === null) return null;
  const { policy, maker, rules, by } = grant;
  const about = required.actions.at(-1);
  const index = access.findIndex(
    ({ type, name, actions }) =>
      type === required.type &&
      name === required.name &&
      actions.some((one) => one === about || one === "*"),
  );
  const actions = access[index]?.actions ?? [];
  const place = actions.findIndex((one) => one === about || one === "*");
  const found = rules?.[by?.[index]?.[place] ?? -1];
  const { rule = null, team, scope } = found ?? {};
  return {
    rule,
    ...(team === undefined ? {} : { team }),
    ...(scope === undefined ? {} : { scope }),
    policy,
    ...(maker === undefined ? {} : { maker }),
  };
}
