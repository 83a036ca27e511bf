import { createHash } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { wireHeaders, type MadeRequest } from "#gateway/upstream/made-request.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import type { RawAttack } from "./raw-requests.js";
import type { ReadRequest } from "./strict-request-reader.js";
import {
  startRecordingUpstream,
  type RecordedAnswer,
  type RecordingUpstream,
} from "./recording-upstream.js";

/** A gateway between two servers that account for every byte they get. */
export interface BetweenRecorders {
  readonly gateway: TestGateway;
  readonly registry: RecordingUpstream;
  readonly tokenServer: RecordingUpstream;
  readonly authority: TokenAuthority;
  /** Sends an attack and waits until its connection has ended. */
  attack(raw: RawAttack): Promise<void>;
  /** Somebody else's pull, upload and login, on kept connections: each must get its own answer. @throws otherwise */
  beVictim(): Promise<void>;
  /** @returns what the upstreams got and the gateway did not mean to send, and forgets it */
  unmeant(): string[];
  stop(): Promise<void>;
}

const MOST_MILLISECONDS = 8_000;
const VICTIM_BODY = "a layer of somebody who does no harm";

/**
 * @param isBare - whether the gateway listens without the bounds of our listeners
 * @returns the three, started
 */
export async function startBetweenRecorders(isBare = false): Promise<BetweenRecorders> {
  const authority = await startTokenAuthority();
  const keys = JSON.stringify({ keys: [authority.publicJwk] });
  const registry = await startRecordingUpstream();
  const tokenServer = await startRecordingUpstream((target) =>
    target === "/.well-known/jwks.json" ? keys : null,
  );
  let meant: MadeRequest[] = [];
  const gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: tokenServer.url,
    isBare,
    onMade: (made) => meant.push(made),
  });
  const bearer = await authority.bearer(["pull", "push"], "gamma/victim");
  const agent = new Agent({ keepAlive: true });
  const asVictim = victim(gateway.port, agent, bearer);
  return {
    ...{ gateway, registry, tokenServer, authority },
    attack: (raw) => attackWith(gateway.port, raw),
    beVictim: async () => {
      await asVictim.pull();
      const upload = await asVictim.upload();
      const seen = registry.requests.find(({ headers }) => idIn(headers) === upload);
      if (seen?.bodyHash !== sha256(VICTIM_BODY))
        throw new Error("the victim's upload arrived as something else");
      await asVictim.logIn();
    },
    unmeant: () => {
      const faults = [
        ...[...registry.violations, ...tokenServer.violations],
        ...compare(meant, [registry, tokenServer]),
      ];
      meant = [];
      for (const upstream of [registry, tokenServer]) {
        upstream.requests.length = 0;
        upstream.violations.length = 0;
      }
      return faults;
    },
    stop: async () => {
      agent.destroy();
      await gateway.stop();
      for (const upstream of [registry, tokenServer, authority.server]) await upstream.stop();
    },
  };
}

/** How long an attacker waits for the first bytes of an answer, and for more after some. */
const PATIENCE_MILLISECONDS = 30;
const QUIET_MILLISECONDS = 5;

/** Sends pieces, reads answers while there are some, and ends the connection; the gateway has to end its side too. */
async function attackWith(port: number, { pieces, ending }: RawAttack): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket
    .setNoDelay(true)
    .on("error", () => undefined)
    .resume();
  socket.setTimeout(MOST_MILLISECONDS, () => socket.destroy());
  await once(socket, "connect");
  for (const piece of pieces) {
    if (socket.destroyed) return;
    await new Promise((resolve) => socket.write(Buffer.from(piece, "latin1"), resolve));
  }
  if (ending === "destroy") socket.destroy();
  // Node gives up requests whose client has closed its half: they have to have got on their way before.
  else await untilQuiet(socket).then(() => socket.end());
  if (!socket.closed) await once(socket, "close");
}

function untilQuiet(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, PATIENCE_MILLISECONDS);
    socket.on("data", () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, QUIET_MILLISECONDS);
    });
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Requests of one who does no harm; each throws when its answer is another request's. */
function victim(port: number, agent: Agent, bearer: string) {
  let count = 0;
  const ask = (method: string, target: string, authorization: string, body = "") =>
    new Promise<string>((resolve, reject) => {
      const headers = { Authorization: authorization, "Content-Length": Buffer.byteLength(body) };
      const options = { host: "127.0.0.1", port, agent, method, path: target };
      const outgoing = httpRequest({
        ...options,
        headers: body === "" ? { Authorization: authorization } : headers,
      });
      outgoing.on("error", reject);
      outgoing.once("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.once("error", reject);
        answer.once("end", () => {
          const id = answer.headers["x-request-id"];
          const got = parseAnswer(text);
          if (got?.requestId === id && got?.target === target) resolve(String(id));
          else reject(new Error(`for ${target} came ${answer.statusCode ?? 0}: ${text}`));
        });
      });
      outgoing.end(body);
    });
  const next = () => (count += 1).toString(16).padStart(64, "0");
  return {
    pull: () => ask("GET", `/v2/gamma/victim/blobs/sha256:${next()}`, bearer),
    upload: () => ask("PATCH", `/v2/gamma/victim/blobs/uploads/${next()}`, bearer, VICTIM_BODY),
    logIn: () => ask("GET", `/token?account=${next()}`, "Basic dmljdGltOnNlY3JldA=="),
  };
}

function parseAnswer(text: string): RecordedAnswer | null {
  try {
    return JSON.parse(text) as RecordedAnswer;
  } catch {
    return null;
  }
}

/** Each request that arrived has to be one that was meant, byte for byte, and each of those arrives at most once. */
function compare(meant: readonly MadeRequest[], upstreams: readonly RecordingUpstream[]): string[] {
  const open = [...meant];
  const faults: string[] = [];
  for (const { host, requests } of upstreams)
    for (const seen of requests) {
      const at = open.findIndex((made) => isSame(seen, made, host));
      if (at >= 0) open.splice(at, 1);
      else {
        const alike = open.filter(({ headers }) => headers["X-Request-Id"] === idIn(seen.headers));
        faults.push(`nobody meant ${JSON.stringify(seen)}, but ${JSON.stringify(alike)}`);
      }
    }
  return faults;
}

function isSame(seen: ReadRequest, made: MadeRequest, host: string): boolean {
  const keeping = made.method === "GET" || made.method === "HEAD" ? "keep-alive" : "close";
  const headers = [...Object.entries(wireHeaders(made, host)), ["Connection", keeping]];
  const isHeadSame =
    seen.method === made.method &&
    seen.target === made.target &&
    JSON.stringify(seen.headers) === JSON.stringify(headers);
  switch (made.body.kind) {
    case "none":
      return isHeadSame && seen.bodyBytes === 0 && seen.bodyHash === sha256("");
    case "whole":
      return isHeadSame && seen.bodyHash === sha256(made.body.bytes);
    case "streamed":
      // What the client sent is its own affair: what counts is that it ended where it was announced to end.
      return isHeadSame;
  }
}

function idIn(headers: readonly (readonly [string, string])[]): string | undefined {
  return headers.find(([name]) => name === "X-Request-Id")?.[1];
}

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
