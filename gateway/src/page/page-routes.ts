import type { Request, RequestHandler, Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendFile } from "#service-kit/http/send-file.js";
import { refuseBody } from "../upstream/client-framing.js";
import { LANGUAGES, type Coding, type PageFile, type PageFiles } from "./page-files.js";

const BELOW = "/ui/";
const ASSETS = "/ui/assets/";
const CODINGS: readonly Exclude<Coding, "identity">[] = ["br", "gzip"];
const A_YEAR = "public, max-age=31536000, immutable";

/**
 * Scripts, styles and requests of this origin, none inline, no frame around it, no form that is sent by itself, and no text
 * that becomes markup (Trusted Types).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/**
 * `GET` and `HEAD` of `/ui/` and everything below it: the web page, which is the same for everybody and takes no login. What it
 * shows it asks the REST API for, as anybody does.
 *
 * @param files - what was built; `null`: nothing, then nothing is answered
 * @returns the handler; to be mounted behind what else is below `/ui/`
 */
export function pageRoutes(files: PageFiles | null): RequestHandler {
  return async (req, res, next) => {
    const { path, query } = splitTarget(req.url);
    if (files === null || !path.startsWith(BELOW)) {
      next();
      return;
    }
    contextOf(req).route = "ui";
    if (req.method !== "GET" && req.method !== "HEAD")
      throw new Fault("METHOD_UNSUPPORTED", { headers: { Allow: "GET, HEAD" } });
    await refuseBody(req, res);
    if (path === BELOW && query === "") {
      const wanted = req.acceptsLanguages(...LANGUAGES);
      const language = LANGUAGES.find((one) => one === wanted) ?? LANGUAGES[0];
      res.vary("Accept-Language");
      sendPageFile(req, res, files.home[language], "no-cache");
      return;
    }
    if (!path.startsWith(ASSETS)) {
      // What is wanted is for the page to find out.
      sendPageFile(req, res, files.index, "no-cache");
      return;
    }
    const file = files.assets.get(path.slice(ASSETS.length));
    if (file === undefined) throw new Fault("ROUTE_UNKNOWN", { message: "no such file" });
    sendPageFile(req, res, file, A_YEAR);
  };
}

function sendPageFile(req: Request, res: Response, file: PageFile, caching: string): void {
  const coding = codingFor(file, req.headers["accept-encoding"]);
  res.vary("Accept-Encoding");
  sendFile(req, res, file[coding] ?? file.identity, { caching, policy: POLICY });
}

/** RFC 9110 section 12.5.3; weights only say no here: the smallest is the best that is taken. */
function codingFor(file: PageFile, header: string | undefined): Coding {
  const taken = (header ?? "")
    .split(",")
    .filter((one) => !/;\s*q=0(?:\.0*)?\s*$/.test(one))
    .map((one) => one.split(";")[0]?.trim().toLowerCase());
  return CODINGS.find((coding) => taken.includes(coding) && coding in file) ?? "identity";
}
