import type { IncomingMessage } from "node:http";
import { exchange, reasonOf } from "#service-kit/http/exchange.js";
import type { Outgoing } from "#service-kit/http/outgoing.js";
import { parseListPage } from "./list-page.js";
import type { SignRequest } from "./sign-request.js";
import type { StoredFiles } from "./stored-files.js";

/** Where a bucket is. */
export interface Bucket {
  readonly bucket: string;
  /** What keys begin with, a slash at its end; "" for nothing. */
  readonly prefix: string;
  readonly region: string;
  /** Of a storage that is not Amazon's; `null`: Amazon's. */
  readonly endpoint: string | null;
}

/** How it is asked. */
export interface BucketWays {
  readonly sign: SignRequest;
  readonly outgoing: Outgoing;
}

/** Of a list or a size; of a file only its head has to be there by then. */
const ANSWER_MILLISECONDS = 60_000;
const MOST_LIST_BYTES = 8 * 1024 * 1024;

/**
 * @param bucket - where it is
 * @param ways - how it is asked
 * @returns the files whose keys begin with the prefix
 */
export function filesOfBucket(bucket: Bucket, ways: BucketWays): StoredFiles {
  const { prefix } = bucket;
  const ask = (method: "GET" | "HEAD", url: URL, signal: AbortSignal) =>
    asked(ways, { method, url }, signal);
  const file = async (method: "GET" | "HEAD", path: string, signal: AbortSignal) => {
    const answer = await ask(method, urlOf(bucket, `${prefix}${path}`), signal);
    if (answer.statusCode === 200) return answer;
    answer.resume();
    if (answer.statusCode === 404) return null;
    throw new Error(`the bucket answered ${answer.statusCode ?? 0} when asked for ${path}`);
  };
  return {
    name: `s3://${bucket.bucket}/${prefix}`,
    list: (folder, _skipped, signal) => listed(bucket, folder, (url) => ask("GET", url, signal)),
    size: async (path, signal) => {
      const answer = await file("HEAD", path, signal);
      answer?.resume();
      return answer === null ? null : lengthOf(answer);
    },
    open: async (path, signal) => {
      const answer = await file("GET", path, signal);
      return answer === null ? null : { size: lengthOf(answer), body: answer };
    },
  };
}

async function* listed(
  bucket: Bucket,
  folder: string,
  ask: (url: URL) => Promise<IncomingMessage>,
): AsyncGenerator<string[]> {
  const below = folder === "" ? bucket.prefix : `${bucket.prefix}${folder}/`;
  let next: string | null = null;
  do {
    const url = urlOf(bucket, "");
    url.searchParams.set("list-type", "2");
    url.searchParams.set("encoding-type", "url");
    url.searchParams.set("prefix", below);
    if (next !== null) url.searchParams.set("continuation-token", next);
    const answer = await ask(url);
    if (answer.statusCode !== 200) {
      answer.resume();
      throw new Error(`the bucket answered ${answer.statusCode ?? 0} when asked for a list`);
    }
    const page = parseListPage(await textOf(answer));
    if (page.keys.length > 0) yield page.keys.map((key) => key.slice(bucket.prefix.length));
    next = page.next;
  } while (next !== null);
}

/** Names with dots are in no certificate; storages of others know buckets by paths. */
function urlOf({ bucket, region, endpoint }: Bucket, key: string): URL {
  const byPath = endpoint !== null || bucket.includes(".");
  const base = byPath
    ? `${endpoint ?? `https://s3.${region}.amazonaws.com`}/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`;
  const path = key
    .split("/")
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, percentEncoded))
    .join("/");
  return new URL(`${base}/${path}`);
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

async function asked(
  { sign, outgoing }: BucketWays,
  request: { readonly method: "GET" | "HEAD"; readonly url: URL },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { method, url } = request;
  const headers = await sign(request).catch(() => {
    throw new Error("no AWS credentials are found");
  });
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
  }, ANSWER_MILLISECONDS);
  try {
    const both = AbortSignal.any([signal, late.signal]);
    const way = outgoing.to(url);
    return await exchange(way, url, { method, headers, signal: both, mayRepeat: true });
  } catch (error) {
    signal.throwIfAborted();
    // What the SDK and Node say may repeat what was signed.
    throw new Error(`the bucket: ${late.signal.aborted ? "no answer in time" : reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? 0);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_LIST_BYTES) throw new Error("the bucket's list is too long");
    parts.push(part);
  }
  if (!answer.complete) throw new Error("the bucket's list was cut off");
  return Buffer.concat(parts).toString("utf8");
}
