import { existsSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  generateKeyPem,
  selfSignAuthority,
  type Authority,
} from "#service-kit/signing/certificates.js";
import { addKey, keyNames, removeKey } from "#service-kit/signing/key-folder.js";
import { operatorFolders, type OperatorFolders } from "#service-kit/signing/operator-folders.js";
import {
  issueKey,
  renewAuthority,
  renewKeys,
  withdrawGatewayKeys,
} from "#service-kit/signing/renew.js";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { testTools } from "#tests/support/tools.js";
import {
  CLAIMS,
  gatewayHolder,
  laterGatewayHolder,
  outsiders,
  seconds,
  TO_GATEWAY,
  TO_REGISTRY,
  tokenOf,
  tokenServerHolder,
  type Claimed,
  type Holder,
} from "./support/key-holders.js";

const DAY = 86_400;
const { registry } = testTools();
/** The registry of the tests, and another one that is named. */
const REGISTRIES = [
  ...(registry.kind === "binary" ? [registry.file] : []),
  ...(process.env["REGISTRY_BIN"] === undefined ? [] : [process.env["REGISTRY_BIN"]]),
];

/** Where a token can be sent, and how it is seen that it was taken. */
const PLACES = ["client port", "registry's port", "webhook", "token server"] as const;
type Place = (typeof PLACES)[number];

describe.each(REGISTRIES)("whom registry %s and its neighbours trust", (file) => {
  let stack: TestStack;
  let folders: OperatorFolders;
  let stranger: Authority;
  let addresses: Record<string, string>;

  beforeAll(async () => {
    stack = await startTestStack({ env: { REGISTRY_BIN: file } });
    folders = operatorFolders(join(stack.dataDir, "keys"));
    addresses = await stack.addresses();
    await registryClient(stack.url, "alice-token").push("alpha/app", "1.0", "kept");
    const keyPem = await generateKeyPem();
    const validity = { from: seconds(), to: seconds() + DAY };
    stranger = { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
  });
  afterAll(() => stack.stop());

  test("each key opens the one door that it is for, and with no other claims than its own", async () => {
    const gateway = await gatewayHolder(folders, "the gateway");
    const tokenServer = await tokenServerHolder(folders, "the token server");
    const others = [await laterGatewayHolder(folders), ...(await outsiders(folders, stranger))];
    expect(await takenOf([gateway, tokenServer, ...others])).toEqual([
      `the gateway, as ${TO_REGISTRY.name}: registry's port`,
      `the token server, as ${TO_GATEWAY.name}: client port`,
      // Its own key: the gateway knows it, and looks at no certificate.
      `the token server, certified by a stranger, as ${TO_GATEWAY.name}: client port`,
      `the token server, with the gateway's certificate, as ${TO_GATEWAY.name}: client port`,
    ]);
  });

  test("the secret of the registry's notifications opens the webhook and nothing else", async () => {
    const secrets = ["notification", "registry-http", "postgres-gateway"];
    const taken = await Promise.all(
      secrets.map(async (name) => {
        const secret = (await readFile(join(stack.dataDir, "secrets", name), "utf8")).trim();
        const places = await Promise.all(PLACES.map((place) => isTaken(place, secret)));
        return PLACES.filter((_place, index) => places[index]).map((place) => `${name}: ${place}`);
      }),
    );
    expect(taken.flat()).toEqual(["notification: webhook"]);
  });

  test("a rotated key is taken until its certificate ends, its successor without a restart", async () => {
    const before = await gatewayHolder(folders, "rotated");
    const pid = await stack.pidOf("registry");
    await issueKey(folders, seconds() - 1, DAY, seconds());
    const after = await gatewayHolder(folders, "today's");
    expect(await takenOf([before, after], [TO_REGISTRY])).toEqual([
      `rotated, as ${TO_REGISTRY.name}: registry's port`,
      `today's, as ${TO_REGISTRY.name}: registry's port`,
    ]);
    expect(await stack.pidOf("registry")).toBe(pid);
    expect(await pushes()).toBe(true);
  });

  test("a withdrawn key of the token server is refused by the gateway within 30 s, by nobody else ever taken", async () => {
    const old = await tokenServerHolder(folders, "withdrawn");
    const token = tokenOf(old, TO_GATEWAY);
    expect(await isTaken("client port", token)).toBe(true);
    const since = performance.now();
    for (const name of await keyNames(folders.keys, "token-server"))
      await removeKey(folders.keys, "token-server", name);
    await addKey(folders.keys, "token-server", seconds());
    await eventually("the gateway refuses it", async () => !(await isTaken("client port", token)));
    expect(performance.now() - since).toBeLessThan(30_000);
    expect(await takenOf([old])).toEqual([]);
    expect(await pushes()).toBe(true);
  });

  test("another authority is taken when the registry was restarted, beside the one before", async () => {
    const before = await gatewayHolder(folders, "of the old authority");
    // Authorities begin by the second: one that another test has made just now would be the younger one still.
    const begun = seconds();
    await eventually("it is younger than all others", () => seconds() - 1 > begun);
    await renewAuthority(folders, seconds() - 1, seconds());
    await issueKey(folders, seconds(), DAY, seconds());
    const after = await gatewayHolder(folders, "of the new one");
    expect(await takenOf([before, after], [TO_REGISTRY])).toEqual([
      `of the old authority, as ${TO_REGISTRY.name}: registry's port`,
    ]);
    await stack.killAndAwait("registry");
    expect(await takenOf([before, after], [TO_REGISTRY])).toEqual([
      `of the old authority, as ${TO_REGISTRY.name}: registry's port`,
      `of the new one, as ${TO_REGISTRY.name}: registry's port`,
    ]);
    expect(await pushes()).toBe(true);
  });

  test("a withdrawn key of the gateway is taken until the registry is restarted, and never after", async () => {
    const old = await gatewayHolder(folders, "withdrawn");
    const renewal = { lifetimeSeconds: DAY, ahead: 1 };
    await withdrawGatewayKeys(folders, renewal, seconds());
    const fresh = await gatewayHolder(folders, "its successor");
    expect(await takenOf([old, fresh], [TO_REGISTRY])).toEqual([
      `withdrawn, as ${TO_REGISTRY.name}: registry's port`,
    ]);
    await stack.killAndAwait("registry");
    expect(await takenOf([old, fresh], [TO_REGISTRY])).toEqual([
      `its successor, as ${TO_REGISTRY.name}: registry's port`,
    ]);
    await eventually("pushes go on", () => pushes());
    // The command of the timer changes nothing of that.
    await renewKeys(folders, renewal, seconds());
    expect(await takenOf([old], [TO_REGISTRY])).toEqual([]);
  });

  test("keys are files of their owner alone, apart from each other and from what is public", async () => {
    const files = await readdir(folders.keys, { recursive: true });
    const keys = files.filter((name) => name.endsWith(".key.pem"));
    const modes = keys.map((name) => (statSync(join(folders.keys, name)).mode & 0o777).toString(8));
    expect(new Set(modes)).toEqual(new Set(["600"]));
    expect(new Set(keys.map((name) => name.split("/")[0]))).toEqual(
      new Set(["authority", "gateway", "token-server"]),
    );
    expect(existsSync(join(folders.trust, "gateway.pem"))).toBe(true);
  });

  /** Every way in which these keys open something, as sentences. */
  async function takenOf(holders: readonly Holder[], claims: readonly Claimed[] = CLAIMS) {
    const taken: string[] = [];
    for (const holder of holders)
      for (const claimed of claims)
        for (const place of PLACES)
          if (await isTaken(place, tokenOf(holder, claimed)))
            taken.push(`${holder.name}, as ${claimed.name}: ${place}`);
    return taken;
  }

  async function isTaken(place: Place, token: string): Promise<boolean> {
    const authorization = `Bearer ${token}`;
    const { status } = await fetch(urlOf(place), {
      method: place === "webhook" ? "POST" : "GET",
      headers: { authorization, "content-type": "application/json" },
      ...(place === "webhook" ? { body: '{"events":[]}' } : {}),
    });
    if (status >= 200 && status < 300) return true;
    expect([401, 403]).toContain(status);
    return false;
  }

  function urlOf(place: Place): string {
    switch (place) {
      case "client port":
        return `${stack.url}/v2/alpha/app/tags/list`;
      case "registry's port":
        return `${addresses["registry"] ?? ""}/v2/alpha/app/tags/list`;
      case "webhook":
        return `${addresses["gatewayNotifications"] ?? ""}/hooks/registry`;
      case "token server":
        return `${addresses["tokenServer"] ?? ""}/api/v1/refresh-tokens`;
    }
  }

  async function pushes(): Promise<boolean> {
    const client = registryClient(stack.url, "alice-token");
    const tag = `t${Math.random().toString(36).slice(2)}`;
    return client.push("alpha/app", tag, tag).then(
      () => true,
      () => false,
    );
  }
});
