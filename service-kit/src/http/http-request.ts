import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

/** A request that a server of ours has read the head of: Node types method and target as if they could be missing. */
export type HttpRequest = IncomingMessage & { readonly method: string; url: string };

/**
 * Answers a request without any router. @returns whether it is one of its own; when it is not, nothing has been done
 */
export type DirectRoute = (req: HttpRequest, res: ServerResponse) => boolean;

/**
 * @param handle - answers requests
 * @returns it, as a server calls it
 */
export function listenerOf(
  handle: (req: HttpRequest, res: ServerResponse) => void,
): RequestListener {
  return (req, res) => {
    if (!hasHead(req)) throw new TypeError("the request was not read by a server");
    handle(req, res);
  };
}

function hasHead(req: IncomingMessage): req is HttpRequest {
  return req.method !== undefined && req.url !== undefined;
}
