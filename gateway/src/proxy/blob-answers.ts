import type { IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";

/**
 * Both lines refuse a part of a blob, or a condition (`If-Match`), with the length of the whole blob: what follows is
 * another text or nothing, and the connection is cut. Such an answer is made here instead.
 *
 * @param answer - the registry's answer to who reads a blob
 * @throws Fault RANGE_INVALID with the blob's length, or PRECONDITION_FAILED
 */
export function refuseCutAnswers({ statusCode, headers }: IncomingMessage): Promise<void> {
  if (statusCode === 412) return Promise.reject(new Fault("PRECONDITION_FAILED"));
  if (statusCode !== 416) return Promise.resolve();
  const length = /^bytes \*\/\d+$/.exec(headers["content-range"] ?? "")?.[0];
  return Promise.reject(
    new Fault(
      "RANGE_INVALID",
      length === undefined ? {} : { headers: { "Content-Range": length } },
    ),
  );
}
