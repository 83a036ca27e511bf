import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A Secret as the API has it. */
export interface StoredSecret {
  readonly metadata: { readonly name: string; resourceVersion: string };
  data?: Record<string, string>;
}

/** The part of a cluster's API that keys are kept by: Secrets with versions, and one Deployment. */
export interface ClusterApi extends AsyncDisposable {
  readonly url: string;
  readonly secrets: Map<string, StoredSecret>;
  /** `METHOD NAME` of whatever was asked, in order. */
  readonly asked: string[];
  /** Annotations that the registry was given, one after the other. */
  readonly annotations: Record<string, string>[];
  /** Called before a Secret is stored. */
  beforePut: (name: string) => void;
}

/**
 * @param names - of Secrets that are there, empty
 * @param token - what has to be shown
 * @returns the API on a free port of the loopback
 */
export async function clusterApi(names: readonly string[], token: string): Promise<ClusterApi> {
  const secrets = new Map<string, StoredSecret>(
    names.map((name) => [name, { metadata: { name, resourceVersion: "1" } }]),
  );
  const server = createServer((req, res) => {
    void (async () => {
      const body = await text(req);
      const [status, answer] = answerOf(`${req.method ?? ""} ${req.url ?? ""}`, body);
      const isKnown = req.headers.authorization === `Bearer ${token}`;
      res.writeHead(isKnown ? status : 401, { "Content-Type": "application/json" });
      res.end(JSON.stringify(isKnown ? answer : { message: "Unauthorized" }));
    })();
  });
  const answerOf = (asked: string, body: string): readonly [number, unknown] => {
    const [method, name = ""] = asked.replace(/ .*\//, " ").split(" ");
    api.asked.push(`${method ?? ""} ${name}`);
    if (method === "PATCH") return patched(body);
    const held = secrets.get(name);
    if (held === undefined) return [404, { message: `secrets "${name}" not found` }];
    if (method !== "PUT") return [200, held];
    api.beforePut(name);
    const given = JSON.parse(body) as StoredSecret;
    const { resourceVersion } = held.metadata;
    if (given.metadata.resourceVersion !== resourceVersion)
      return [409, { message: "the object has been modified" }];
    const metadata = { name, resourceVersion: String(Number(resourceVersion) + 1) };
    secrets.set(name, { ...given, metadata });
    return [200, given];
  };
  const patched = (body: string): readonly [number, unknown] => {
    const { spec } = JSON.parse(body) as {
      spec: { template: { metadata: { annotations: Record<string, string> } } };
    };
    api.annotations.push(spec.template.metadata.annotations);
    return [200, {}];
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const api: ClusterApi = {
    url: `http://127.0.0.1:${port}`,
    ...{ secrets, asked: [], annotations: [], beforePut: () => undefined },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return api;
}
