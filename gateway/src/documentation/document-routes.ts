import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { RequestHandler } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { entityTagOf, sendFile, type SentFile } from "#service-kit/http/send-file.js";
import { refuseBody } from "../upstream/client-framing.js";
import { PAGE, POLICY, START } from "./page.js";

const FOLDER = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
/** They lead to the page. */
const LEADING = ["/", "/ui", "/ui/api"];
/** The page of the document; the rest of `/ui/` is the web page. */
const BELOW = "/ui/api/";
const SCRIPT = "text/javascript; charset=utf-8";
const FILES: Readonly<Record<string, { type: string; content?: string }>> = {
  "": { type: "text/html; charset=utf-8", content: PAGE },
  "start.js": { type: SCRIPT, content: START },
  "swagger-ui-bundle.js": { type: SCRIPT },
  "swagger-ui.css": { type: "text/css; charset=utf-8" },
  "favicon-32x32.png": { type: "image/png" },
};

/**
 * `GET` and `HEAD` of `/openapi.json`, and of `/ui/api/`, which shows it; `/` leads to the web page, which shows the rest. Both are the same for everybody, and take no login.
 *
 * @param makeDocument - makes the document, when it is asked for first
 * @returns the handler
 */
export function documentRoutes(makeDocument: () => object): RequestHandler {
  let document: object | undefined;
  const known = new Map<string, Promise<SentFile>>();
  return async (req, res, next) => {
    const { path } = splitTarget(req.url);
    const name = path.startsWith(BELOW) ? path.slice(BELOW.length) : null;
    if (
      path !== "/openapi.json" &&
      !LEADING.includes(path) &&
      (name === null || !Object.hasOwn(FILES, name))
    ) {
      next();
      return;
    }
    contextOf(req).route = name === null ? "openapi" : "ui";
    if (req.method !== "GET" && req.method !== "HEAD")
      throw new Fault("METHOD_UNSUPPORTED", { headers: { Allow: "GET, HEAD" } });
    await refuseBody(req, res);
    if (path === "/ui/api") {
      res.redirect(308, "api/");
      return;
    }
    // A browser would remember for ever that there is nothing else.
    if (path === "/") res.redirect(302, "ui/");
    else if (path === "/ui") res.redirect(308, "ui/");
    else if (name === null) sendAnswer(req, res, { body: (document ??= makeDocument()) });
    else sendFile(req, res, await fileOf(known, name), { caching: "no-cache", policy: POLICY });
  };
}

async function fileOf(known: Map<string, Promise<SentFile>>, name: string): Promise<SentFile> {
  const before = known.get(name);
  if (before !== undefined) return before;
  const read = readPageFile(name);
  known.set(name, read);
  read.catch(() => known.delete(name));
  return read;
}

async function readPageFile(name: string): Promise<SentFile> {
  const { type = "", content: text } = FILES[name] ?? {};
  const content = text === undefined ? await readFile(join(FOLDER, name)) : Buffer.from(text);
  return { type, content, entityTag: entityTagOf(content) };
}
