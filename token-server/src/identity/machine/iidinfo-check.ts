import { z } from "zod";
import type { FetchJson, JsonReply } from "#service-kit/http/fetch-json.js";
import { askedService, undecided } from "../safeguards/asked-service.js";
import { decodeDocument } from "./document-text.js";
import { parseInstanceDocument, type InstanceDocument } from "./instance-document.js";
import { refusedMachine, type MachineCheck } from "./machine.js";
import { parseSignedData } from "./signed-data.js";

const NAME = "the instance identity service";
const TIMEOUT_MILLISECONDS = 2_000;
/**
 * The document is wrong. Pier One takes every answer but 200 for that; 403 and 404 come from a firewall or a wrong
 * route as well, which know nothing of machines.
 */
const REFUSALS: readonly number[] = [400, 401];
const refusalSchema = z.object({ valid: z.literal(false) });

/**
 * @param iidinfoUrl - URL of the company's service that knows its machines, asked as Pier One does
 * @param now - current time in milliseconds since the epoch
 * @param fetchJson - asks it by the way that leads there; absent: directly
 * @returns a check that asks it
 */
export function iidinfoCheck(
  iidinfoUrl: string,
  now: () => number,
  fetchJson?: FetchJson,
): MachineCheck {
  const ask = askedService({
    name: NAME,
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    now,
    fetchJson,
  });
  return async (document) => {
    const reply = await ask(new URL(iidinfoUrl), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ iid_signature: document }),
    });
    if (REFUSALS.includes(reply.status) || isRefusal(reply))
      throw refusedMachine("the machine is not known");
    if (reply.status !== 200) throw undecided(NAME, reply);
    // The service has verified the signature: only now is there a reason to believe the content.
    return contentOf(document);
  };
}

function isRefusal({ status, body }: JsonReply): boolean {
  return status === 200 && refusalSchema.safeParse(body).success;
}

function contentOf(document: string): InstanceDocument | null {
  const ber = decodeDocument(document);
  try {
    return ber === null ? null : parseInstanceDocument(parseSignedData(ber).content);
  } catch {
    return null;
  }
}
