import { z } from "zod";
import { isId, PRIVILEGES } from "#access-policy/directory.js";
import { refuseRepeated } from "#access-policy/refuse-repeated.js";
import { parseYaml } from "#service-kit/yaml-file.js";
import { parseMember } from "../teams/member.js";
import type { Listed } from "./directory-snapshot.js";
import { serviceNameSchema } from "./service-name.js";

const text = z.string().min(1).max(255);
const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const named = text.refine((name) => !isId(name), "reads as an id: a name has more than digits");
const teams = z.array(text).default([]);
const identity = text.transform((written, context) => {
  const member = parseMember(written);
  if (member?.realm != null) return { realm: member.realm, uid: member.uid };
  context.addIssue("wanted /realm/uid, such as /employees/alice");
  return z.NEVER;
});
const workload = identity.transform(({ realm, uid }) => `${realm}/${uid}`);

const user = z.strictObject({ id, login: identity, primaryTeam: text.optional() });
const team = z.strictObject({ id, name: named });
const app = z.strictObject({ id, code: named, responsibles: teams, publications: teams });
const service = z.strictObject({ name: serviceNameSchema, app: text, workload });
const privilege = z
  .strictObject({
    privilege: z.enum(PRIVILEGES),
    team: text.optional(),
    identity: identity.optional(),
  })
  .refine(
    (given) => (given.team === undefined) !== (given.identity === undefined),
    "wants a team or an identity, one of them",
  );

const fileSchema = z
  .strictObject({
    users: z.array(user).default([]).superRefine(refuseSameId),
    teams: z.array(team).default([]).superRefine(refuseSameId).superRefine(refuseRepeated("name")),
    apps: z.array(app).default([]).superRefine(refuseSameId).superRefine(refuseRepeated("code")),
    services: z
      .array(service)
      .default([])
      .superRefine(refuseRepeated("name"))
      .superRefine(refuseRepeated("workload")),
    privileges: z.array(privilege).default([]),
  })
  .superRefine(({ users, apps, services }, context) => {
    const uids = users.map(({ login }) => login.uid);
    for (const [index, uid] of uids.entries())
      if (uids.indexOf(uid) < index)
        context.addIssue({
          code: "custom",
          path: ["users", index, "login"],
          message: `"${uid}" is there already, and users/${uid} can be one of them alone`,
        });
    for (const [index, one] of services.entries())
      if (!apps.some(({ code }) => code === one.app))
        context.addIssue({
          code: "custom",
          path: ["services", index, "app"],
          message: `there is no app "${one.app}"`,
        });
  });

/**
 * Reads a directory file (docs/opensvc.md).
 *
 * @param name - name of the file, for messages
 * @param yaml - its content
 * @returns what it lists
 * @throws YamlFileError with every fault in the file and its line
 */
export function parseDirectoryFile(name: string, yaml: string): Listed {
  const { users, privileges, ...rest } = parseYaml(name, yaml, fileSchema);
  return {
    ...rest,
    users: users.map(({ id: number, login, primaryTeam = null }) => ({
      ...{ id: number, primaryTeam },
      ...login,
    })),
    privileges: privileges.flatMap(({ privilege: one, team: toTeam, identity: toOne }) => {
      const to = toTeam === undefined ? toOne : { team: toTeam };
      return to === undefined ? [] : [{ privilege: one, to }];
    }),
  };
}

function refuseSameId(list: readonly { readonly id: number }[], context: z.RefinementCtx): void {
  const ids = list.map((entry) => entry.id);
  for (const [index, number] of ids.entries())
    if (ids.indexOf(number) < index)
      context.addIssue({
        code: "custom",
        path: [index, "id"],
        message: `${number} is there already`,
      });
}
