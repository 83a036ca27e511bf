import type { Request, RequestHandler, Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import type { Database } from "#service-kit/db/pool.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { refuseBody } from "../upstream/client-framing.js";
import { formatCursor, parsePullTarget } from "./pull-target.js";
import type { PullTarget } from "../pulls/pull-query.js";
import { readPulls, readPullTotal, type PullRow, type PullTotal } from "../pulls/sql/read-pulls.js";

/** Lets a request pass when its token allows a request to the registry API that needs the same right. */
export type Admit = (req: Request, like: RegistryRequest) => Promise<unknown>;

/**
 * `GET` and `HEAD` of `/api/v1/repositories/<name>`, how often it was pulled, for whoever may pull it, and of
 * `…/pulls`, by whom and from where, for whoever may push it (docs/pulls.md). Mounted behind the routes of tags:
 * the target is read as it came, never decoded.
 *
 * @param deps - where pulls are on record
 * @param admit - says who asks, by the same tokens as the registry API
 * @returns the handler
 */
export function pullRoutes(deps: { readonly db: Database }, admit: Admit): RequestHandler {
  return async (req, res, next) => {
    const target = parsePullTarget(req.url);
    if (target === null) {
      next();
      return;
    }
    const { about, repository } = target;
    contextOf(req).route = about === "pulls" ? "pulls.list" : "repositories.describe";
    if (req.method !== "GET" && req.method !== "HEAD") throw methodUnsupported(req.method);
    // Whoever may not is refused by the token alone, so that nobody learns whether a repository is there.
    await admit(
      req,
      about === "pulls"
        ? { kind: "upload.start", repository, mount: null }
        : { kind: "tags.list", repository },
    );
    await refuseBody(req, res);
    const total = await readPullTotal(deps.db, target);
    if (total === null) throw new Fault("NOT_FOUND", { message: nothingOf(target) });
    const pulls = about === "pulls" ? await readPulls(deps.db, target) : null;
    send(res, target, total, pulls);
  };
}

function send(
  res: Response,
  { repository, tag, digest, limit }: PullTarget,
  total: PullTotal,
  pulls: readonly PullRow[] | null,
): void {
  res.setHeader("Cache-Control", "no-store");
  const asked = { ...(tag === null ? {} : { tag }), ...(digest === null ? {} : { digest }) };
  const shown = { repository, ...asked, ...total };
  if (pulls === null) {
    sendJson(res, 200, shown);
    return;
  }
  const last = pulls.length === limit ? pulls.at(-1) : undefined;
  sendJson(res, 200, {
    ...shown,
    pulledBy: pulls.map(({ cursor: _cursor, ...pull }) => pull),
    next: last === undefined ? null : formatCursor(last.cursor),
  });
}

function nothingOf({ tag, digest }: PullTarget): string {
  if (digest !== null)
    return tag === null ? "there is no such manifest" : "there is no such tag or manifest";
  return tag === null ? "there is no such repository" : "there is no such tag";
}

function methodUnsupported(method: string): Fault {
  return new Fault("METHOD_UNSUPPORTED", {
    message: `the method ${method.slice(0, 20)} is not supported here`,
    headers: { Allow: "GET, HEAD" },
  });
}
