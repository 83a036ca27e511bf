import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOfTag, repositoryName, tagName, type Shape } from "./generated.js";

/** A registry that keeps nothing: what it answers follows from the names. */
export interface EndlessRegistry {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * @param shape - what it lists: what the generated ledger has
 * @returns it, listening; it answers the catalog and lists of tags page by page, and HEAD of a tag
 */
export async function startEndlessRegistry(shape: Shape): Promise<EndlessRegistry> {
  const server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "", "http://registry");
    const page = { size: Number(searchParams.get("n") ?? 100), last: searchParams.get("last") };
    const [, repository = "", tag] =
      /^\/v2\/(.+?)\/(?:tags\/list|manifests\/(.+))$/.exec(pathname) ?? [];
    if (tag !== undefined)
      res.writeHead(200, { "Docker-Content-Digest": digestOfTag(repository, tag) }).end();
    else if (pathname === "/v2/_catalog")
      answerPage(res, pathname, "repositories", page, catalogOf(shape.repositories));
    else answerPage(res, pathname, "tags", page, { count: shape.tags, nameAt: tagName });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface NameList {
  readonly count: number;
  readonly nameAt: (index: number) => string;
}

/** In the order of numbers, which is not that of names: discovery may count on neither. */
function catalogOf(count: number): NameList {
  return { count, nameAt: repositoryName };
}

function answerPage(
  res: ServerResponse,
  path: string,
  key: string,
  { size, last }: { readonly size: number; readonly last: string | null },
  { count, nameAt }: NameList,
): void {
  const from = last === null ? 0 : Number(/\d+$/.exec(last)?.[0]) + 1;
  const to = Math.min(from + size, count);
  const names = Array.from({ length: to - from }, (_, index) => nameAt(from + index));
  if (to < count)
    res.setHeader("Link", `<${path}?n=${size}&last=${names.at(-1) ?? ""}>; rel="next"`);
  res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ [key]: names }));
}
