import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { eventually } from "#tests/support/eventually.js";
import { startHaproxy, startNginx, type LoadBalancer } from "#tests/support/load-balancers.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { listening, type TestServer } from "#tests/support/test-server.js";

const BALANCERS = [
  { name: "nginx", start: startNginx, found: await findDebianPackage("nginx") },
  { name: "HAProxy", start: startHaproxy, found: await findDebianPackage("haproxy") },
];

/** Answers with its name and the client's address as it was told. */
const startNamed = (name: string): Promise<TestServer> =>
  listening(
    createServer((req, res) => {
      res.end(`${name} for ${String(req.headers["x-forwarded-for"])}`);
    }),
  );

describe.each(BALANCERS)("behind $name, as deploy/balancers has it,", ({ start, found }) => {
  const whenThere = typeof found === "string" ? test.skip : test;
  let folder: TemporaryFolder;
  let gateway: TestServer;
  let tokenServer: TestServer;
  let balancer: LoadBalancer;

  beforeAll(async () => {
    if (typeof found === "string") return;
    [folder, gateway, tokenServer] = await Promise.all([
      temporaryFolder(),
      startNamed("gateway"),
      startNamed("token server"),
    ]);
    balancer = await start({
      found: found satisfies UnpackedPackage,
      folder: folder.path,
      ports: [gateway.port, gateway.port],
      tokenPorts: [tokenServer.port, tokenServer.port],
    });
    // HAProxy sends nothing to a server that it has not looked at yet.
    const asked = () => answerTo("/token").then((text) => text.startsWith("token server"));
    await eventually("the token server is asked for tokens", asked);
  });
  afterAll(async () => {
    if (typeof found === "string") return;
    await balancer.stop();
    await Promise.all([gateway.stop(), tokenServer.stop(), folder.remove()]);
  });

  const answerTo = async (target: string, init: RequestInit = {}) =>
    (await fetch(`${balancer.url}${target}`, init)).text();

  whenThere("tokens come from the token server, which is told whose request it is", async () => {
    const forged = { headers: { "X-Forwarded-For": "192.0.2.1" } };
    const query = "?service=registry&scope=repository:alpha/app:pull";
    expect(await answerTo(`/token${query}`, forged)).toBe("token server for 127.0.0.1");
    const form = { method: "POST", body: new URLSearchParams({ grant_type: "password" }) };
    expect(await answerTo("/token", form)).toBe("token server for 127.0.0.1");
  });

  whenThere("nothing else comes from there", async () => {
    for (const target of [
      "/",
      "/v2/",
      "/token/",
      "/tokens",
      "/metrics",
      "/api/v1/explain",
      "/jwks",
    ])
      expect([target, await answerTo(target)]).toEqual([target, "gateway for 127.0.0.1"]);
  });
});
