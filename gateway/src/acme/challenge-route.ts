import type { ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import type { DirectRoute, HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import { answerOfToken } from "./sql.js";

/** RFC 8555 section 8.3. */
const PATH = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/;

/**
 * @param db - the ledger, where whoever gets a certificate says what is to be answered
 * @returns answers an authority that asks whether a name is ours
 */
export function challengeRoute(db: Database): DirectRoute {
  const answer = async (token: string, res: ServerResponse) => {
    const keyAuthorization = await answerOfToken(db, token);
    if (keyAuthorization === null) throw new Fault("ROUTE_UNKNOWN", { message: "nobody asked" });
    res.writeHead(200, { "Content-Type": "application/octet-stream" }).end(keyAuthorization);
  };
  return (req: HttpRequest, res) => {
    const [, token] = PATH.exec(req.url) ?? [];
    if (req.method !== "GET" || token === undefined) return false;
    contextOf(req).route = "acme-challenge";
    answer(token, res).catch((error: unknown) => {
      sendFault(req, res, error);
    });
    return true;
  };
}
