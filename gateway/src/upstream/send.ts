import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { keptConnections, type KeptConnections } from "./kept-connections.js";
import { wireHeaders, type MadeRequest } from "./made-request.js";
import { streamBody } from "./stream-body.js";

const UNASKED_UPGRADE = "an upgrade that nobody asked for";

/** A request on its way. */
export interface Sending {
  /** The answer's head. Rejects when there is none, with what `cut` was given when that was why. */
  readonly answer: Promise<IncomingMessage>;
  /** Ends everything, connection included. */
  cut(reason: Error): void;
}

/** Sends exactly a made request; `client` is where a streamed body comes from. @throws TypeError when there is none */
export type Send = (made: MadeRequest, client?: IncomingMessage) => Sending;

/**
 * @param url - the upstream, with what all its paths begin with
 * @param idleSeconds - without a byte from the upstream after which it counts as gone
 * @returns what sends to it
 */
export function sender(url: URL, idleSeconds: number): Send {
  const { protocol, port, pathname } = url;
  const connections = keptConnections(protocol);
  const send = protocol === "https:" ? httpsRequest : httpRequest;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const prefix = pathname.replace(/\/$/, "");
  return (made, client) => {
    const outgoing = send({
      agent: connections.agent,
      ...{ host, port, method: made.method, path: `${prefix}${made.target}` },
      headers: wireHeaders(made, url.host),
      setHost: false,
      insecureHTTPParser: false,
    });
    outgoing.setTimeout(idleSeconds * 1000, () => {
      outgoing.destroy(new Error(`no byte for ${idleSeconds} seconds`));
    });
    const stopBody = writeBody(made, outgoing, client);
    return watch(outgoing, connections, stopBody);
  };
}

function writeBody(
  { body }: MadeRequest,
  outgoing: ClientRequest,
  client: IncomingMessage | undefined,
): () => void {
  switch (body.kind) {
    case "none":
      outgoing.end();
      return () => undefined;
    case "whole":
      outgoing.end(body.bytes);
      return () => undefined;
    case "streamed":
      if (client === undefined) throw new TypeError("nobody streams the body");
      return streamBody(client, outgoing, body.length);
  }
}

function watch(
  outgoing: ClientRequest,
  connections: KeptConnections,
  stopBody: () => void,
): Sending {
  let isUnusual = false;
  // Nobody asked for an interim answer: what follows may not be what it seems.
  outgoing.on("information", () => (isUnusual = true));
  outgoing.on("upgrade", (_answer, socket) => {
    socket.destroy();
    outgoing.destroy(new Error(UNASKED_UPGRADE));
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.once("close", () => {
      reject(new Error("the connection was closed without an answer"));
    });
    outgoing.once("response", (incoming) => {
      // Without a `Connection: upgrade` Node takes it for an answer.
      if (incoming.statusCode === 101) {
        outgoing.destroy(new Error(UNASKED_UPGRADE));
        return;
      }
      const isEarly = !outgoing.writableFinished;
      if (isEarly) stopBody();
      const { socket } = incoming;
      incoming.once("end", () => {
        if (isEarly) outgoing.destroy();
        else if (!isUnusual && incoming.complete) connections.trust(socket);
      });
      resolve(incoming);
    });
  });
  // Whoever waits for the answer hears of a failure; after it has come, whoever reads it does.
  answer.catch(() => undefined);
  return { answer, cut: (reason) => outgoing.destroy(reason) };
}
