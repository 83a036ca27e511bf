import { lookup } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { UpstreamAuthorization } from "./upstream-token.js";
import { uploadBlob, type AskInOwnName } from "./upload-blob.js";
import { wholeRequests } from "./whole-request.js";

/** One process of the registry. */
interface RegistryProcess {
  /** As it is told to operators. */
  readonly name: string;
  readonly url: URL;
  /** Where that is: one of the addresses of its name. */
  readonly address: string;
}

/** Every process of a registry, also where several stand behind one name. */
export interface RegistryProcesses {
  /** Has the registry store a blob. @throws when it does not */
  upload(repository: RepositoryName, content: Buffer): Promise<void>;
  /** @returns their names */
  processes(): Promise<readonly string[]>;
  /** @returns whether one has a blob; `null`: nobody listens there. @throws when that cannot be told */
  has(name: string, repository: RepositoryName, digest: Digest): Promise<boolean | null>;
}

const PATIENCE_MILLISECONDS = 10_000;

/**
 * @param registryUrl - URL of the registry
 * @param listed - URLs of its processes; none: every address that its name has
 * @param authorization - makes the gateway's tokens
 * @returns what asks each of them
 */
export function registryProcesses(
  registryUrl: string,
  listed: readonly string[],
  authorization: UpstreamAuthorization,
): RegistryProcesses {
  const allow = (name: string, actions: ("pull" | "push")[]) =>
    authorization("", [{ type: "repository", name, actions }]);
  let known = new Map<string, RegistryProcess>();
  return {
    upload: async (repository, content) => {
      const authorized = { Authorization: allow(repository, ["pull", "push"]) };
      const ask = wholeRequests(registryUrl);
      const askToPush: AskInOwnName = (target, { headers, ...request }) =>
        ask({
          ...{ ...request, target, milliseconds: PATIENCE_MILLISECONDS },
          headers: { ...headers, ...authorized },
        });
      const blob = { repository, content, digest: digestOf(content) };
      await uploadBlob(askToPush, registryUrl, blob);
    },
    processes: async () => {
      const found = listed.length > 0 ? listed.map(named) : await resolved(new URL(registryUrl));
      known = new Map(found.map((one) => [one.name, one]));
      return [...known.keys()];
    },
    has: async (name, repository, digest) => {
      const process = known.get(name);
      if (process === undefined) throw new Error(`${name} is no process of the registry`);
      const headers = { Authorization: allow(repository, ["pull"]) };
      const status = await head(process, `/v2/${repository}/blobs/${digest}`, headers);
      if (status === null || status === 404) return status === null ? null : false;
      // A redirect to the storage: it is there, as far as this process knows.
      if (status === 200 || status === 307) return true;
      throw new Error(`it answered ${status}`);
    },
  };
}

function named(text: string): RegistryProcess {
  const url = new URL(text);
  return { name: url.origin, url, address: url.hostname.replace(/^\[|\]$/g, "") };
}

async function resolved(url: URL): Promise<RegistryProcess[]> {
  const found = await lookup(url.hostname.replace(/^\[|\]$/g, ""), { all: true });
  const addresses = [...new Set(found.map(({ address }) => address))];
  return addresses.map((address) => ({ name: `${url.host} at ${address}`, url, address }));
}

/** Where nobody listens, nobody remembers anything. */
function head(
  { url, address }: RegistryProcess,
  target: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | null> {
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const host = url.hostname;
  return new Promise((resolve, reject) => {
    const asking = (isTls ? httpsRequest : httpRequest)({
      ...{ host: address, port, method: "HEAD", agent: false, timeout: PATIENCE_MILLISECONDS },
      ...(isTls && isIP(host) === 0 ? { servername: host } : {}),
      path: `${url.pathname.replace(/\/$/, "")}${target}`,
      headers: { ...headers, Host: url.host },
    });
    asking.once("timeout", () => asking.destroy(new Error("no answer in time")));
    asking.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve(null);
      else reject(error);
    });
    asking.once("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asking.end();
  });
}
