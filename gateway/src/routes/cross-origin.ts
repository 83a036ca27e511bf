import type { IncomingMessage, ServerResponse } from "node:http";

/** What pages of other origins may do (Fetch Standard, "HTTP extensions"). */
export interface CrossOrigin {
  /** Says on an answer, whatever it will be, whether the page that asked may read it. */
  readonly mark: (req: IncomingMessage, res: ServerResponse) => void;
  /** @returns whether it was a browser's question if a page may ask something; then it is answered */
  readonly answerPreflight: (req: IncomingMessage, res: ServerResponse) => boolean;
}

/** Pages read; what changes something is refused wherever it comes from (CROSS_SITE). */
const METHODS = "GET, HEAD";
const REQUEST_HEADERS = [
  ...["Accept", "Authorization", "Cache-Control", "Content-Type"],
  ...["If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since"],
  ...["Last-Event-ID", "Range", "X-Request-Id"],
].join(", ");
/** Beside those that every page may read, such as `Content-Type` and `Content-Length`. */
const ANSWER_HEADERS = [
  ...["Accept-Ranges", "Allow", "Content-Range", "Docker-Content-Digest"],
  ...["Docker-Distribution-Api-Version", "ETag", "Link", "OCI-Filters-Applied", "OCI-Subject"],
  ...["RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate", "X-Request-Id"],
].join(", ");
/** How long a browser may remember the answer to its question, in seconds. */
const REMEMBERED_SECONDS = 600;

/**
 * @param origins - whose pages may read; `*` for all pages, which then may not use what the browser keeps of logins; none:
 *   nobody's
 * @returns what says so on answers
 */
export function crossOrigin(origins: readonly string[]): CrossOrigin {
  const isForAll = origins.includes("*");
  const shared = ({ headers }: IncomingMessage): string | null => {
    if (isForAll) return "*";
    return headers.origin !== undefined && origins.includes(headers.origin) ? headers.origin : null;
  };
  return {
    mark: (req, res) => {
      // What is said to one origin must not be kept for another one.
      if (origins.length > 0 && !isForAll) res.setHeader("Vary", "Origin");
      const origin = shared(req);
      if (origin === null) return;
      res.setHeader("Access-Control-Allow-Origin", origin);
      if (origin !== "*") res.setHeader("Access-Control-Allow-Credentials", "true");
      res.setHeader("Access-Control-Expose-Headers", ANSWER_HEADERS);
    },
    answerPreflight: (req, res) => {
      if (!isPreflight(req) || shared(req) === null) return false;
      res.setHeader("Access-Control-Allow-Methods", METHODS);
      res.setHeader("Access-Control-Allow-Headers", REQUEST_HEADERS);
      res.setHeader("Access-Control-Max-Age", REMEMBERED_SECONDS);
      res.statusCode = 204;
      res.end();
      return true;
    },
  };
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  if (method !== "OPTIONS" || headers.origin === undefined) return false;
  return headers["access-control-request-method"] !== undefined;
}
