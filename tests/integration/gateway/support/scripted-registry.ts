import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** A gateway whose registry does what a test says. */
export interface ScriptedRegistry {
  readonly ledger: StartedLedger;
  readonly authority: TokenAuthority;
  readonly registry: UpstreamDouble;
  readonly gateway: TestGateway;
  /** `Authorization` of somebody who may pull and push. */
  readonly bearer: string;
  /** @returns the gateway's answer to that somebody */
  send(
    method: string,
    target: string,
    headers?: OutgoingHttpHeaders,
    body?: Buffer,
  ): Promise<Answer>;
}

/** What a registry makes of a request whose body it has taken. */
export type Made = (req: IncomingMessage, res: ServerResponse) => void;

/** It fails. */
export const failing: Made = (_req, res) => {
  res.writeHead(500).end();
};

/**
 * One for the tests of a file, with an empty ledger for each.
 *
 * @param take - gets it before the first test
 */
export function useScriptedRegistry(take: (made: ScriptedRegistry) => void): void {
  let made: ScriptedRegistry;
  beforeAll(async () => {
    const [ledger, authority, registry] = await Promise.all([
      startLedger(),
      startTokenAuthority(),
      startUpstream(),
    ]);
    const urls = { registryUrl: registry.url, tokenServerUrl: authority.server.url };
    const gateway = await startGateway({ ...urls, db: ledger.open(), hears: ledger.config });
    const bearer = await authority.bearer(["pull", "push"]);
    made = {
      ...{ ledger, authority, registry, gateway, bearer },
      send: (method, target, headers = {}, body) =>
        ask(gateway.url, target, {
          method,
          headers: { ...headers, Authorization: bearer },
          ...(body === undefined ? {} : { body }),
        }),
    };
    take(made);
  });
  beforeEach(() => made.ledger.clear());
  afterAll(async () => {
    await made.gateway.stop();
    await made.registry.stop();
    await made.authority.server.stop();
    await made.ledger.stop();
  });
}
