import { toFaultReply, type Fault } from "#registry-protocol/faults.js";
import type { WholeAnswer } from "../upstream/whole-request.js";

/**
 * @param fault - what a client is told of its manifest in the place of the registry's own words
 * @returns it, as an answer of the registry would be
 */
export function faultAnswer(fault: Fault): WholeAnswer {
  const { status, summary, body } = toFaultReply(fault, "");
  const headers = new Headers({ "Content-Type": "application/json" });
  return { status, summary, headers, body: Buffer.from(JSON.stringify(body)) };
}
