import type { Request, RequestHandler, Response } from "express";
import type { View } from "#access-policy/view.js";
import { readView } from "#access-policy/read-view.js";
import type { AuditActor } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Catalog } from "../catalog/catalog.js";
import { search } from "../catalog/search.js";
import {
  artifactsOf,
  bytesInView,
  teamInView,
  teamsInView,
  type TeamRow,
} from "../catalog/teams.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import { refuseBody } from "../upstream/client-framing.js";
import { tagsOfImage } from "./find-image.js";
import { markReady, type MarkDeps } from "./mark-image.js";
import { imagesByTag, shownTag, tagOf, tagsOf } from "./tags.js";
import { parsePierOneTarget, unknown, type PierOneTarget } from "./target.js";

/** What Pier One's API needs. */
export interface PierOneDeps extends MarkDeps {
  readonly catalog: Catalog;
  /** @returns where the image that a tag means comes from. @throws Fault NOT_FOUND */
  readonly sourceOf: (key: TagKey) => Promise<unknown>;
  /** @returns what whoever asks may pull. @throws Fault UNAUTHORIZED or UNAVAILABLE */
  readonly viewOf: (req: Request) => Promise<View>;
  /** @returns who asks, and may push there. @throws Fault UNAUTHORIZED, DENIED or UNAVAILABLE */
  readonly pusherTo: (req: Request, repository: RepositoryName) => Promise<AuditActor>;
}

/** Old clients look for it to know what they talk to. */
const VERSION = ["X-Docker-Registry-Version", "0.9.1"] as const;
const STANDALONE = ["X-Docker-Registry-Standalone", "true"] as const;
const MOST_ON_PAGE = 100;

/**
 * Pier One's API (docs/pier-one-api.md). Whoever may not know of something is told what is told of what is not there.
 *
 * @param deps - ledger, and who asks
 * @returns the handler
 */
export function pierOneRoutes(deps: PierOneDeps): RequestHandler {
  return async (req, res, next) => {
    const target = parsePierOneTarget(req.url);
    if (target === null) {
      next();
      return;
    }
    contextOf(req).route = `pier-one.${target.about}`;
    if (req.url.startsWith("/v1/"))
      for (const [name, value] of [VERSION, STANDALONE]) res.setHeader(name, value);
    requireMethod(req, target);
    send(
      res,
      isWriting(target)
        ? await written(deps, { req, res, target })
        : await read(deps, { req, res, target }),
    );
  };
}

type Writing = Extract<PierOneTarget, { readonly about: "recheck" | "production-ready" }>;
type Reading = Exclude<PierOneTarget, Writing>;

interface Asked<T extends PierOneTarget> {
  readonly req: Request;
  readonly res: Response;
  readonly target: T;
}

async function read(deps: PierOneDeps, { req, res, target }: Asked<Reading>): Promise<unknown> {
  if (target.about === "ping") return true;
  // Also where anybody may read: it is asked whether a login is good.
  if (target.about === "users" && req.headers.authorization === undefined)
    throw new Fault("UNAUTHORIZED");
  const view = await deps.viewOf(req);
  await refuseBody(req, res);
  if ("repository" in target) {
    requireIn(view, target.repository);
    return readRepository(deps, target);
  }
  return readAll(deps, view, { target, query: new URLSearchParams(splitTarget(req.url).query) });
}

async function readRepository(
  deps: PierOneDeps,
  target: Extract<Reading, { readonly repository: RepositoryName }>,
): Promise<unknown> {
  const { repository } = target;
  switch (target.about) {
    case "tags":
      return (await tagsOf(deps, repository)).map(shownTag);
    case "tag":
      return { ...shownTag(await tagOf(deps, repository, target.tag)), name: target.tag };
    case "scm-source":
      await tagOf(deps, repository, target.tag);
      return deps.sourceOf(target);
    case "v1-tags":
      return imagesByTag(deps, repository);
    case "v1-tag": {
      const image = (await imagesByTag(deps, repository))[target.tag];
      if (image === undefined) throw unknown();
      return image;
    }
  }
}

async function readAll(
  { db, catalog }: PierOneDeps,
  view: View,
  { target, query }: { readonly target: Reading; readonly query: URLSearchParams },
): Promise<unknown> {
  switch (target.about) {
    case "teams":
      return (await teamsInView(catalog, view)).map(({ team }) => team);
    case "artifacts":
      return artifactsOf(catalog, view, target.team);
    case "image":
      return tagsOfImage(db, view, target.image);
    case "stats": {
      const { length } = await teamsInView(catalog, view);
      return { teams: length, storage: await bytesInView(catalog, view) };
    }
    case "team-stats":
      return (await teamsInView(catalog, view)).map((one) => ({
        team: one.team,
        stats: statsOf(one),
      }));
    case "stats-of-team":
      return statsOf(await teamInView(catalog, view, target.team));
    case "search":
      return searched(catalog, view, query);
    default:
      return "OK";
  }
}

function statsOf({ artifacts, tags }: TeamRow) {
  return { artifacts, tags };
}

async function searched(catalog: Catalog, view: View, query: URLSearchParams): Promise<unknown> {
  const size = numberIn(query, "n", 25, MOST_ON_PAGE);
  const page = numberIn(query, "page", 1, MOST_ON_PAGE);
  const term = query.get("q") ?? "";
  const { found, total } = await search(catalog, view, { term, page, size });
  return {
    ...{ num_results: total, query: term, page, page_size: size },
    num_pages: Math.ceil(total / size),
    results: found.map(({ name, stars, description, official, automated }) => ({
      ...{ name, description, star_count: stars },
      ...{ is_official: official, is_automated: automated, is_trusted: false },
    })),
  };
}

async function written(deps: PierOneDeps, { req, res, target }: Asked<Writing>): Promise<unknown> {
  const { repository } = target;
  if (target.about === "production-ready") {
    const actor = await deps.pusherTo(req, repository);
    await markReady(deps, target, await readJsonBody(req, res), actor);
    return {};
  }
  requireIn(await deps.viewOf(req), repository);
  await refuseBody(req, res);
  if ("tag" in target) await tagOf(deps, repository, target.tag);
  else await tagsOf(deps, repository);
  return { message: "no vulnerability scanner is configured" };
}

function isWriting(target: PierOneTarget): target is Writing {
  return target.about === "recheck" || target.about === "production-ready";
}

function requireMethod({ method }: Request, target: PierOneTarget): void {
  const allowed = isWriting(target) ? ["POST"] : ["GET", "HEAD"];
  if (allowed.includes(method)) return;
  // Clients from before 2014 try to make an account first.
  if (target.about === "users") throw new Fault("UNAUTHORIZED");
  throw new Fault("METHOD_UNSUPPORTED", { headers: { Allow: allowed.join(", ") } });
}

function requireIn(view: View, repository: RepositoryName): void {
  if (!isVisible(readView(view).has, repository)) throw unknown();
}

function numberIn(query: URLSearchParams, name: string, usual: number, most: number): number {
  const given = query.get(name) ?? "";
  return /^[1-9]\d{0,5}$/.test(given) ? Math.min(Number(given), most) : usual;
}

function send(res: Response, body: unknown): void {
  res.setHeader("Cache-Control", "no-store");
  sendJson(res, 200, body);
}
