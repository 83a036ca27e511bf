import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { pushAsClientsDo, randomImage } from "#tests/support/racing-clients.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";

const CLIENTS = 8;
const ROUNDS = 48;

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: TestRegistry;
let gateway: TestGateway;

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  registry = await startTestRegistry();
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    db: ledger.db,
    hears: ledger.config,
  });
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.stop();
});

describe("eight clients that push the same image at once", () => {
  test("all succeed, forty-eight times, under one tag or each under its own", async () => {
    const repository = "alpha/app";
    const bearer = await authority.bearer(["pull", "push"], repository);
    const to = { url: gateway.url, repository, bearer };
    const wrong: string[] = [];
    for (let round = 0; round < ROUNDS && registry.isStock; round += 1) {
      const image = randomImage();
      const pushes = Array.from({ length: CLIENTS }, (_, client) => {
        const tag = round % 2 === 0 ? `same-${round}` : `own-${round}-${client}`;
        return pushAsClientsDo(to, image, tag);
      });
      wrong.push(...(await Promise.all(pushes)).flat());
    }
    expect(wrong).toEqual([]);
  });
});
