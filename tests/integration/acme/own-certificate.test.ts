import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { challengeRoute } from "#gateway/acme/challenge-route.js";
import { ownCertificate, type OwnCertificate } from "#gateway/acme/own-certificate.js";
import type { ChallengeKind } from "#gateway/acme/settings.js";
import { httpsRedirect } from "#gateway/routes/https-redirect.js";
import { envReader } from "#service-kit/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { outgoing, type Outgoing } from "#service-kit/http/outgoing.js";
import { readProxies, type Proxies } from "#service-kit/http/proxies.js";
import { httpListener } from "#service-kit/http/server.js";
import { createMetrics } from "#service-kit/metrics.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Sealer } from "#service-kit/signing/sealer.js";
import { portPicker } from "#local/processes/ports.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { eventually } from "#tests/support/eventually.js";
import { startForwardProxy } from "#tests/support/forward-proxy.js";
import { SILENT, startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startPebble, type Pebble } from "#tests/support/pebble.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { listening, type TestServer } from "#tests/support/test-server.js";
import { sealerOf, TEST_SEALER } from "#tests/support/test-sealer.js";

const found = await findDebianPackage("pebble");
if (typeof found === "string") console.warn(`SKIPPED: ACME: ${found}`);
const NAME = "registry.example.org";
const YEARS_4 = 4 * 365 * 86_400_000;

let folder: TemporaryFolder;
let ledger: StartedLedger;
let pebble: Pebble;
let tlsPort: number;
let plain: TestServer;
const known = getCACertificates("default");
const running: Component[] = [];
const connections: Outgoing[] = [];

beforeAll(async () => {
  if (typeof found === "string") return;
  folder = await temporaryFolder();
  ledger = await startLedger();
  tlsPort = await portPicker().next();
  const parts = [{ direct: challengeRoute(ledger.db), routes: [] }];
  const deps = { log: SILENT, metrics: createMetrics(), publicUrl: null, httpsPort: 443, parts };
  plain = await listening(createServer(httpsRedirect(deps)));
  pebble = await startPebble(found, folder.path, { httpPort: plain.port, tlsPort });
  setDefaultCACertificates([...known, pebble.authority]);
});
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
  for (const each of connections.splice(0)) each.close();
});
afterAll(async () => {
  if (typeof found === "string") return;
  setDefaultCACertificates(known);
  await Promise.all([pebble.stop(), plain.stop(), ledger.stop()]);
  await folder.remove();
});

interface Replica {
  readonly own: OwnCertificate;
  readonly issued: () => number;
  readonly failed: () => number;
  readonly log: ReturnType<typeof readableLog>;
  /** Begins to look after its certificate. */
  run(): Promise<void>;
  /** @returns the port at which it shows it */
  listen(port?: number): Promise<number>;
}

interface Told {
  readonly names?: readonly string[];
  readonly challenge?: ChallengeKind;
  readonly sealer?: Sealer;
  readonly now?: () => number;
  readonly directory?: string;
  readonly proxies?: Proxies;
}

/** A replica of a gateway, as far as its certificate goes. */
async function replica(told: Told = {}): Promise<Replica> {
  const { names = [NAME], challenge = "tls-alpn-01", now = Date.now } = told;
  const { sealer = TEST_SEALER, directory = pebble.directory } = told;
  const counts = { issued: 0, failed: 0 };
  const log = readableLog();
  const connection = outgoing(told.proxies);
  connections.push(connection);
  const own = await ownCertificate(
    { names, directory, challenge, email: "admin@example.org" },
    {
      ...{ db: ledger.db, sealer, connections: connection, log: log.log, now },
      lookMilliseconds: 100,
      alone: async (work) => {
        await runExclusively(ledger.config, "certificate", SILENT, work);
      },
      count: (outcome) => {
        counts[outcome] += 1;
      },
    },
  );
  return {
    own,
    log,
    issued: () => counts.issued,
    failed: () => counts.failed,
    run: async () => {
      running.push(own.part);
      await own.part.start();
    },
    listen: async (port = 0) => {
      const bounds = { inAll: 100, perSource: 100, isTrusted: () => false };
      const at = { name: "tested", host: "127.0.0.1", port, drainSeconds: 0, idleSeconds: 60 };
      const options = { ...at, connections: bounds, tls: own.serving };
      const deps = { log: SILENT, metrics: createMetrics() };
      const listener = httpListener(options, (_req, res) => res.end("here"), deps);
      await listener.start();
      running.push(listener);
      return (listener.server.address() as AddressInfo).port;
    },
  };
}

async function shownAt(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, servername: NAME, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { issuer = "", fingerprint256 = "" } = socket.getPeerX509Certificate() ?? {};
  socket.destroy();
  return `${issuer} ${fingerprint256}`;
}

const isIssued = async (port: number) => (await shownAt(port)).includes("Pebble");

(typeof found === "string" ? describe.skip : describe)(
  "gateways that get their certificate",
  () => {
    test("by TLS-ALPN-01: one gets it, any answers for it, and all of them serve it", async () => {
      const names = ["first.example.org"];
      const [one, other] = [await replica({ names }), await replica({ names })];
      const port = await one.listen();
      // The authority asks the one that is not getting it.
      await other.listen(tlsPort);
      expect(await isIssued(port)).toBe(false);
      expect(one.own.endsAt()).toBeNull();
      await one.run();
      await eventually("it is issued", () => isIssued(port));
      expect([one.issued(), one.failed()]).toEqual([1, 0]);
      await other.run();
      await eventually(
        "the other serves it",
        async () => (await shownAt(tlsPort)) === (await shownAt(port)),
      );
      expect(other.issued()).toBe(0);
      expect(one.own.endsAt()).toBeGreaterThan(Date.now() / 1_000);
    });

    test("keep no key in the ledger that could be read there, and no challenge that is over", async () => {
      const one = await replica({ names: ["kept.example.org"], challenge: "http-01" });
      await one.run();
      await eventually("it is issued", () => one.issued() === 1);
      const { rows } = await ledger.db.query<{ text: string }>(
        `select (select json_agg(c) from ledger.acme_certificate c)::text
              || (select json_agg(a) from ledger.acme_account a)::text as text`,
      );
      expect(rows[0]?.text).toContain("BEGIN CERTIFICATE");
      expect(rows[0]?.text).not.toContain("PRIVATE KEY");
      expect((await ledger.db.query("select from ledger.acme_challenge")).rowCount).toBe(0);
    });

    test("serve it from the first moment after a restart, and ask for no other one", async () => {
      const told = { names: ["restarted.example.org"], challenge: "http-01" } as const;
      const first = await replica(told);
      await first.run();
      await eventually("it is issued", () => first.issued() === 1);
      await first.own.part.stop();
      const again = await replica(told);
      const port = await again.listen();
      await again.run();
      await eventually("it is served", () => isIssued(port));
      expect(again.issued()).toBe(0);
    });

    test("get the next one, once, when the last third of its life has begun", async () => {
      let ahead = 0;
      const now = () => Date.now() + ahead;
      const told = { names: ["renewed.example.org"], now };
      const [one, other] = [await replica(told), await replica(told)];
      const port = await one.listen(tlsPort);
      for (const each of [one, other]) await each.run();
      await eventually("it is served", () => isIssued(port));
      const before = await shownAt(port);
      ahead = YEARS_4;
      await eventually("there is another one", async () => (await shownAt(port)) !== before);
      await eventually("both have it", () => one.own.endsAt() === other.own.endsAt());
      ahead = 0;
      expect(one.issued() + other.issued()).toBe(2);
    });

    test("by HTTP-01, for several names", async () => {
      const names = ["a.example.org", "b.example.org"];
      const one = await replica({ names, challenge: "http-01" });
      const port = await one.listen();
      await one.run();
      await eventually("it is issued", () => isIssued(port));
      const [line] = one.log.linesOf("tls.certificate");
      expect(line?.["names"]).toBe("DNS:a.example.org, DNS:b.example.org");
    });

    test("by the proxy of a closed network, where there is one", async () => {
      const proxy = await startForwardProxy();
      const { port } = new URL(pebble.directory);
      const proxies = readProxies(envReader({ HTTPS_PROXY: proxy.url() }));
      const directory = `https://acme.example.org:${port}/dir`;
      const one = await replica({ challenge: "http-01", directory, proxies });
      await one.run();
      await eventually("it is issued", () => one.issued() === 1);
      expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT acme.example.org:${port}`]));
      await proxy.stop();
    });

    test("get another one when what sealed its key is there no more", async () => {
      const names = ["lost.example.org"];
      const first = await replica({ names, challenge: "http-01" });
      await first.run();
      await eventually("it is issued", () => first.issued() === 1);
      await first.own.part.stop();
      const second = await replica({ names, challenge: "http-01", sealer: sealerOf("others") });
      await second.run();
      await eventually("another one is issued", () => second.issued() === 1);
      expect(second.own.endsAt()).not.toBeNull();
    });

    test("seal keys anew when they are sealed by another key than now", async () => {
      const names = ["sealed.example.org"];
      const first = await replica({ names, challenge: "http-01" });
      await first.run();
      await eventually("it is issued", () => first.issued() === 1);
      const sealedKey = async () => {
        const sql = `select sealed_key as key from ledger.acme_certificate where names = $1`;
        return (await ledger.db.query<{ key: string }>(sql, names)).rows[0]?.key;
      };
      const before = await sealedKey();
      await first.own.part.stop();
      const second = await replica({
        names,
        challenge: "http-01",
        sealer: sealerOf("next", "gateways"),
      });
      await second.run();
      await eventually("it is sealed anew", async () => (await sealedKey()) !== before);
      expect(second.issued()).toBe(0);
    });

    test("wait after a failure, say so, and go on with what they have", async () => {
      // Nobody answers at the port where the authority asks by TLS.
      const names = ["nobody.example.org"];
      const one = await replica({ names });
      const port = await one.listen();
      await one.run();
      await eventually("it failed", () => one.failed() === 1);
      const [line] = one.log.linesOf("acme.failed");
      expect(line).toMatchObject({ names, waitSeconds: 300 });
      expect(String(line?.["reason"])).toMatch(/connect|refused|challenge|authorization/i);
      const other = await replica({ names });
      await other.run();
      await eventually("the other has looked", async () => {
        const { rows } = await ledger.db.query<{ failures: number }>(
          "select failures from ledger.acme_certificate where names = $1",
          names,
        );
        return rows[0]?.failures === 1;
      });
      expect([one.failed(), other.failed(), one.issued(), other.issued()]).toEqual([1, 0, 0, 0]);
      expect(await isIssued(port)).toBe(false);
    });

    test("an authority that is away is a failure like others", async () => {
      const one = await replica({
        names: ["away.example.org"],
        directory: "https://localhost:1/dir",
      });
      await one.run();
      await eventually("it failed", () => one.failed() === 1);
      expect(one.log.linesOf("acme.failed")).toHaveLength(1);
    });
  },
);
