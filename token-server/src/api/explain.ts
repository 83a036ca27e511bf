import { Router } from "express";
import { z } from "zod";
import { explain, type Explanation } from "#access-policy/explain.js";
import type { Circumstances, Subject } from "#access-policy/question.js";
import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import { isRepositoryName } from "#registry-protocol/repository-name.js";
import type { Action, Resource } from "#registry-protocol/scope.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { PolicySource } from "../policy/watch.js";
import { identifyApiCaller, type ApiCallerDeps } from "./caller.js";
import { parseInput } from "./parse.js";

/** What explaining needs. */
export interface ExplainDeps extends ApiCallerDeps {
  readonly policy: Pick<PolicySource, "current">;
}

const action = z.enum(["pull", "push", "delete", "catalog", "*"]);
const repository = z.string().max(255).default("");
const ownSchema = z.object({ action, repository });
const words = z.array(z.string().max(255)).max(100).default([]);
const otherSchema = z.strictObject({
  action,
  repository,
  address: z.union([z.ipv4(), z.ipv6()]).nullable().default(null),
  identity: z.strictObject({
    uid: z.string().max(255),
    realm: z.string().max(255).default("/employees"),
    kind: z.enum(["oauth2", "oidc", "machine", "htpasswd", "ldap", "anonymous"]).default("oauth2"),
    scopes: words,
    teams: words,
    claims: z.record(z.string().max(100), z.union([z.string().max(1000), words])).default({}),
  }),
});

/**
 * "May X do Y on Z, and which rule says so": for the caller by GET, for anybody by POST when the caller is
 * an administrator.
 *
 * @param deps - logins and policy
 * @returns the routes, to be mounted below `/api/v1`
 */
export function explainRoutes(deps: ExplainDeps): Router {
  const routes = Router();
  routes.get("/explain", async (req, res) => {
    const caller = await identifyApiCaller(deps, req);
    const asked = parseInput(ownSchema, req.query);
    const { identity, teams, address } = caller;
    sendJson(res, 200, answer(deps, { identity, teams }, asked, { address }));
  });
  routes.post("/explain", async (req, res) => {
    const caller = await identifyApiCaller(deps, req);
    if (!caller.isAdministrator)
      throw new Fault("DENIED", {
        message: "only administrators (ADMIN_TEAMS) may ask for somebody else",
      });
    const asked = parseInput(otherSchema, await readJsonBody(req, res));
    const { teams, ...rest } = asked.identity;
    const identity: Identity = { ...rest, limits: null };
    sendJson(res, 200, answer(deps, { identity, teams }, asked, asked));
  });
  return routes;
}

function answer(
  deps: ExplainDeps,
  subject: Subject,
  asked: { action: Action | "catalog"; repository: string },
  circumstances: Circumstances,
) {
  const resource = resourceOf(asked);
  const wanted = asked.action === "catalog" ? "*" : asked.action;
  const explanation = explain(deps.policy.current(), subject, resource, wanted, {
    address: circumstances.address,
  });
  return { subject: { ...subject.identity, teams: subject.teams }, ...flatten(explanation) };
}

function resourceOf(asked: { action: string; repository: string }): Resource {
  if (asked.action === "catalog") return { type: "registry", name: "catalog" };
  if (isRepositoryName(asked.repository)) return { type: "repository", name: asked.repository };
  throw new Fault("NAME_INVALID", { detail: { name: asked.repository } });
}

function flatten({ action: decidedBy, decision, trace, omitted, notReached }: Explanation) {
  if (decision.allow === "teams-needed") throw new Error("teams were given");
  const { allow, reason, rule } = decision;
  return { allow, reason, rule, action: decidedBy, trace, omitted, notReached };
}
