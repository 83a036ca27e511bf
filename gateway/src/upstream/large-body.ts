import type { IncomingMessage } from "node:http";

/** A shorter body has come before anything could be gained. */
const LARGE_BYTES = 256 * 1024;

/**
 * @param answer - an upstream's answer to a GET, its body not read
 * @returns whether so much follows its head, of a length that it says, that it pays to read it past Node's parser
 */
export function isLarge({ statusCode, headers, complete }: IncomingMessage): boolean {
  if (complete || (statusCode !== 200 && statusCode !== 206)) return false;
  const { "content-length": length, "transfer-encoding": coding } = headers;
  return coding === undefined && Number(length ?? 0) >= LARGE_BYTES;
}
