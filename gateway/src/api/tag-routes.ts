import type { Request, RequestHandler, Response } from "express";
import type { AuditActor } from "#audit-log/entry.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { refuseBody } from "../upstream/client-framing.js";
import { describeTag, type DescribeDeps } from "./describe-tag.js";
import { lockTag, type LockDeps } from "../ledger/lock-tag.js";
import { sourceOfTag } from "./source-of-tag.js";
import { methodUnsupported, parseTagTarget, type TagTarget } from "./tag-target.js";

/** What the routes need. */
export type TagRoutesDeps = DescribeDeps & LockDeps;

/** Lets a request pass when its token allows a request to the registry API that needs the same right. */
export type Identify = (req: Request, like: RegistryRequest) => Promise<AuditActor>;

/**
 * `GET` and `HEAD` of `/api/v1/repositories/<name>/tags/<tag>` and `…/scm-source`, and `PUT` of `…/lock`
 * (docs/tags.md, docs/scm-source.md). Mounted before any router: the target is read as it came, never decoded.
 *
 * @param deps - ledger, policy and audit log
 * @param identify - says who asks, by the same tokens as the registry API
 * @returns the handler
 */
export function tagRoutes(deps: TagRoutesDeps, identify: Identify): RequestHandler {
  return async (req, res, next) => {
    const target = parseTagTarget(req.method, req.url);
    if (target === null) {
      next();
      return;
    }
    contextOf(req).route = ROUTES[target.about].name;
    await ROUTES[target.about].answer(deps, identify, { req, res, target });
  };
}

interface TagExchange {
  readonly req: Request;
  readonly res: Response;
  readonly target: TagTarget;
}

type Answer = (deps: TagRoutesDeps, identify: Identify, exchange: TagExchange) => Promise<void>;

const ROUTES: Readonly<Record<TagTarget["about"], { name: string; answer: Answer }>> = {
  tag: { name: "tags.describe", answer: answerTag },
  lock: { name: "tags.lock", answer: answerLock },
  "scm-source": { name: "tags.scm-source", answer: answerSource },
};

async function answerTag(
  deps: TagRoutesDeps,
  identify: Identify,
  { req, res, target }: TagExchange,
): Promise<void> {
  if (req.method !== "GET" && req.method !== "HEAD") throw methodUnsupported(req.method, "tag");
  const { repository, tag } = target;
  await identify(req, { kind: "manifest.read", repository, reference: { tag } });
  await refuseBody(req, res);
  await sendTag(deps, res, target);
}

async function answerSource(
  deps: TagRoutesDeps,
  identify: Identify,
  { req, res, target }: TagExchange,
): Promise<void> {
  if (req.method !== "GET" && req.method !== "HEAD")
    throw methodUnsupported(req.method, "scm-source");
  const { repository, tag } = target;
  await identify(req, { kind: "manifest.read", repository, reference: { tag } });
  await refuseBody(req, res);
  res.setHeader("Cache-Control", "no-store");
  sendJson(res, 200, await sourceOfTag(deps, target));
}

async function answerLock(
  deps: TagRoutesDeps,
  identify: Identify,
  { req, res, target }: TagExchange,
): Promise<void> {
  if (req.method !== "PUT") throw methodUnsupported(req.method, "lock");
  const { repository, tag } = target;
  const actor = await identify(req, { kind: "manifest.put-by-tag", repository, tag });
  await refuseBody(req, res);
  await lockTag(deps, target, actor);
  await sendTag(deps, res, target);
}

async function sendTag(deps: TagRoutesDeps, res: Response, key: TagTarget): Promise<void> {
  const shown = await describeTag(deps, key);
  if (shown.digest !== null) res.setHeader("Docker-Content-Digest", shown.digest);
  res.setHeader("Cache-Control", "no-store");
  sendJson(res, 200, shown);
}
