import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { digestOf } from "#registry-protocol/digest.js";
import { ask, errorOf, type Answer, type AskOptions } from "#tests/support/http-client.js";
import type { TokenAuthority } from "#tests/support/token-authority.js";
import { CONFIG, image } from "#tests/integration/tags/support/manifests.js";

const APP = "/v2/alpha/app";

/** Pushes and pulls `alpha/app` through one gateway. */
export interface Pusher {
  ask(target: string, options?: AskOptions): Promise<Answer>;
  /** Starts an upload. */
  startUpload(): Promise<Answer>;
  /** Uploads a blob in one go. */
  upload(content: string): Promise<Answer>;
  /** Pushes an image's manifest, by tag or, without one, by digest. */
  push(name: string, tag?: string): Promise<Answer>;
  /** Pushes an image with its configuration. @returns its digest */
  pushAll(name: string, tag: string): Promise<string>;
  pull(reference: string): Promise<Answer>;
  /** Begins to send a piece of an upload, and leaves it at that. */
  beginPatch(location: string): Promise<HeldPatch>;
}

/** A piece of an upload that has begun and not ended. */
export interface HeldPatch {
  /** Sends the rest. */
  finish(): Promise<{ status: number; location: string }>;
  /** Resolves when the connection is cut. */
  readonly cut: Promise<void>;
}

/**
 * @param url - the gateway
 * @param authority - signs the tokens
 * @returns the client
 */
export async function pusher(url: string, authority: TokenAuthority): Promise<Pusher> {
  const bearer = await authority.bearer(["pull", "push", "delete"]);
  const say = (target: string, { headers = {}, ...rest }: AskOptions = {}) =>
    ask(url, target, { ...rest, headers: { ...headers, Authorization: bearer } });
  const client: Pusher = {
    ask: say,
    startUpload: () => say(`${APP}/blobs/uploads/`, { method: "POST", body: "" }),
    upload: async (content) => {
      const started = await client.startUpload();
      if (started.status !== 202) return started;
      return endUpload(client, locationOf(started), content);
    },
    push: (name, tag) => {
      const { text, digest, mediaType } = image(name);
      return say(`${APP}/manifests/${tag ?? digest}`, {
        method: "PUT",
        body: text,
        headers: { "Content-Type": mediaType },
      });
    },
    pushAll: async (name, tag) => {
      const uploaded = await client.upload(CONFIG);
      const pushed = await client.push(name, tag);
      if (uploaded.status !== 201 || pushed.status !== 201)
        throw new Error(`the gateway answered ${uploaded.status} and ${pushed.status}`);
      return image(name).digest;
    },
    pull: (reference) =>
      say(`${APP}/manifests/${reference}`, { headers: { Accept: image("").mediaType } }),
    beginPatch: (location) => beginPatch(url, location, bearer),
  };
  return client;
}

/** @returns path and query of an answer's `Location` */
export function locationOf({ headers }: Answer): string {
  const { pathname, search } = new URL(headers.location ?? "", "http://gateway");
  return `${pathname}${search}`;
}

/** Ends an upload with the last bytes, and says what it is to be. */
export async function endUpload(
  client: Pusher,
  location: string,
  last: string,
  whole = last,
): Promise<Answer> {
  const digest = digestOf(Buffer.from(whole));
  return client.ask(`${location}&digest=${digest}`, {
    method: "PUT",
    body: last,
    headers: { "Content-Type": "application/octet-stream" },
  });
}

/** @returns what a refused request was told, in short */
export function refusalIn(answer: Answer) {
  const { code, message } = errorOf(answer);
  return { status: answer.status, code, message, retryAfter: answer.headers["retry-after"] };
}

async function beginPatch(url: string, target: string, bearer: string): Promise<HeldPatch> {
  const { hostname, port } = new URL(url);
  const outgoing = request({
    ...{ hostname, port, path: target, method: "PATCH", agent: false },
    headers: { Authorization: bearer, "Content-Type": "application/octet-stream" },
  });
  const cut = new Promise<void>((resolve) => {
    outgoing.once("error", () => {
      resolve();
    });
  });
  await new Promise((resolve) => outgoing.write("first ", resolve));
  return {
    cut,
    finish: async () => {
      const answered = once(outgoing, "response");
      outgoing.end("and last");
      const [answer] = (await answered) as [IncomingMessage];
      answer.resume();
      const { statusCode: status = 0, headers } = answer;
      const { pathname, search } = new URL(headers.location ?? "", url);
      return { status, location: `${pathname}${search}` };
    },
  };
}
