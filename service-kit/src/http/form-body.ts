import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { REST_BODY_LIMITS } from "./json-body.js";
import { readSmallBody } from "./small-body.js";

const FORM = /^application\/x-www-form-urlencoded *(?:; *charset="?utf-8"? *)?$/i;

/**
 * @param req - a request of which nobody has read the body
 * @param res - its answer, not begun
 * @returns the form as it came, not decoded
 * @throws Fault CONTENT_TYPE_WRONG when it is no form, or those of {@link readSmallBody}
 */
export async function readFormBody(req: IncomingMessage, res: ServerResponse): Promise<string> {
  if (!FORM.test(req.headers["content-type"] ?? ""))
    throw new Fault("CONTENT_TYPE_WRONG", {
      message: "wanted a form: Content-Type: application/x-www-form-urlencoded",
    });
  const content = await readSmallBody(req, res, REST_BODY_LIMITS);
  // Percent-encoding makes a form ASCII; other bytes become replacement characters and match nothing.
  return content.toString("utf8");
}
