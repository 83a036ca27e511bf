import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { decodeJwt } from "jose";
import { notedProcesses } from "#local/processes/pid-files.js";
import { runProgram } from "#local/processes/run-program.js";
import { runWharf } from "#tests/e2e/cli/support/run-wharf.js";
import { eventually } from "#tests/support/eventually.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const SERVICES = ["one", "two"] as const;
const GATEWAYS = SERVICES.flatMap((service) => [
  `gateway-${service}-a`,
  `gateway-${service}-b`,
]) as readonly string[];
const BASIC = {
  Authorization: `Basic ${Buffer.from("oauth2:alice-token").toString("base64")}`,
};
const SCOPE = "repository:alpha/app:pull,push";

let stack: TestStack;
let folder: TemporaryFolder;
let image: OciLayout;
let addresses: Record<string, string>;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack({ kind: "two" }), temporaryFolder()]);
  addresses = await stack.addresses();
  image = await makeImage(join(folder.path, "image"));
  await mkdir(join(folder.path, "pulled"));
}, 180_000);
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

const urlOf = (name: string): string => addresses[name] ?? "";
const rest = async (gateway: string, path: string, token = "alice-token"): Promise<unknown> => {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await ask(urlOf(gateway), `/api/v1${path}`, { headers });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body.toString());
};

/** @returns a token as a client of that gateway gets it, by what its challenge says */
async function tokenAt(gateway: string): Promise<string> {
  const challenge = (await ask(urlOf(gateway), "/v2/")).headers["www-authenticate"] ?? "";
  const [, realm = "", service = ""] = /realm="([^"]+)",service="([^"]+)"/.exec(challenge) ?? [];
  const { pathname, origin } = new URL(realm);
  const query = new URLSearchParams({ service, scope: SCOPE });
  const answer = await ask(origin, `${pathname}?${query.toString()}`, {
    headers: BASIC,
  });
  return (JSON.parse(answer.body.toString()) as { token: string }).token;
}

/** Sends a signal to processes of the stack, by their ids. */
async function signal(names: readonly string[], what: NodeJS.Signals): Promise<void> {
  const running = await notedProcesses(join(stack.dataDir, "run"));
  for (const name of names) {
    const pid = running.get(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    process.kill(pid, what);
  }
}

const found = (answer: unknown) => {
  const { items, unanswered } = answer as {
    items: readonly { registry: string; name: string }[];
    unanswered: readonly { registry: string }[];
  };
  return {
    items: items.map(({ registry, name }) => `${registry}: ${name}`),
    unanswered: unanswered.map(({ registry }) => registry),
  };
};

describe(`two registries (${testTools().registry.version}) with two gateways each, on one token server`, () => {
  const part = scenario();
  const useBy = async (gateway: (typeof GATEWAYS)[number]) => {
    const client = skopeo(urlOf(gateway), "alice-token");
    const [, service = "", replica = ""] = gateway.split("-");
    const name = `alpha/of-${service}:${replica}`;
    const { file, env } = testTools().skopeo;
    const authfile = join(folder.path, `${gateway}.json`);
    const login = await runProgram({
      ...{ file, env: { ...process.env, ...env } },
      args: [
        ...["login", "--authfile", authfile, "--tls-verify=false"],
        ...["-u", "oauth2", "-p", "alice-token", new URL(urlOf(gateway)).host],
      ],
    });
    expect(login).toMatchObject({ ok: true });
    expect(await client.push(image, name)).toMatchObject({ ok: true });
    expect(await client.pull(name, join(folder.path, "pulled", gateway))).toMatchObject({
      ok: true,
    });
    const tags = await client.listTags(`alpha/of-${service}`);
    expect(JSON.parse(tags.stdout)).toMatchObject({ Tags: expect.arrayContaining([replica]) });
  };
  for (const gateway of GATEWAYS)
    part(`a client logs in, pushes, pulls and lists by ${gateway}`, () => useBy(gateway));

  part("each has a ledger of its own: what was pushed to one is not at the other", async () => {
    for (const [gateway, other] of [
      ["gateway-one-a", "two"],
      ["gateway-two-b", "one"],
    ] as const) {
      const pulled = await skopeo(urlOf(gateway), "alice-token").inspect(`alpha/of-${other}:a`);
      expect(pulled.ok).toBe(false);
    }
  });

  part(
    "a search of one shows its own, and one over all shows both, by whichever gateway",
    async () => {
      for (const service of SERVICES)
        await eventually(`of-${service} is found`, async () => {
          const { items } = (await rest(`gateway-${service}-a`, "/search?q=of-")) as {
            items: readonly { name: string }[];
          };
          return items.length === 1 && items[0]?.name === `alpha/of-${service}`;
        });
      for (const gateway of GATEWAYS)
        expect(found(await rest(gateway, "/registries/search?q=of-"))).toEqual({
          items: ["one: alpha/of-one", "two: alpha/of-two"],
          unanswered: [],
        });
    },
  );

  part("a token of one is refused by both gateways of the other", async () => {
    const tokens = {
      one: await tokenAt("gateway-one-a"),
      two: await tokenAt("gateway-two-a"),
    };
    expect(SERVICES.map((service) => decodeJwt(tokens[service]).aud)).toEqual(["one", "two"]);
    for (const gateway of GATEWAYS)
      for (const service of SERVICES) {
        const isOwn = gateway.includes(service);
        const [, of = ""] = gateway.split("-");
        const { status } = await ask(urlOf(gateway), `/v2/alpha/of-${of}/manifests/a`, {
          headers: { Authorization: `Bearer ${tokens[service]}` },
        });
        // Its own says nothing of that repository: it is known, and refused for what it does not grant.
        expect([gateway, service, status]).toEqual([gateway, service, 401]);
        const app = await ask(urlOf(gateway), "/v2/alpha/app/manifests/none", {
          headers: { Authorization: `Bearer ${tokens[service]}` },
        });
        expect([gateway, service, app.status]).toEqual([gateway, service, isOwn ? 404 : 401]);
      }
  });

  part(
    "a robot that was made by one's gateway logs in at both of its gateways, and at no other",
    async () => {
      const made = await ask(urlOf("gateway-two-a"), "/api/v1/teams/alpha/robots", {
        method: "POST",
        headers: { Authorization: "Bearer alice-token", "Content-Type": "application/json" },
        body: JSON.stringify({
          name: "of-two",
          grants: [{ repositories: "alpha/**", actions: ["pull"] }],
        }),
      });
      const { robot, secret } = JSON.parse(made.body.toString()) as {
        robot: { login: string; service: string };
        secret: string;
      };
      expect([made.status, robot.service]).toEqual([201, "two"]);
      for (const gateway of GATEWAYS) {
        const [, service = ""] = gateway.split("-");
        const client = skopeo(urlOf(gateway), `${robot.login}:${secret}`);
        const { ok } = await client.inspect(`alpha/of-${service}:a`);
        expect([gateway, ok]).toEqual([gateway, service === "two"]);
      }
    },
  );

  part(
    "wharf lists them, searches them all, and gets its tokens for the one that it asks",
    async () => {
      const wharf = (gateway: string, ...words: string[]) =>
        runWharf([...words, "--url", urlOf(gateway)], {
          ...{ PATH: process.env["PATH"], HOME: folder.path, WHARF_TOKEN: "alice-token" },
        });
      const listed = await wharf("gateway-two-a", "registries", "list", "-o", "json");
      expect(JSON.parse(listed.stdout)).toMatchObject([{ service: "one" }, { service: "two" }]);
      const search = await wharf("gateway-two-a", "search", "of-", "--all", "-o", "tsv");
      expect(search.stdout).toMatch(/one\talpha\/of-one\t.*\n.*two\talpha\/of-two\t/s);
      // By a token for that repository.
      for (const service of SERVICES) {
        const described = await wharf(`gateway-${service}-b`, "describe", `alpha/of-${service}:a`);
        expect(described).toMatchObject({ exitCode: 0 });
      }
      const words = ["registries", "change", "two", "--description", "for trials", "-o", "json"];
      const changed = await wharf("gateway-one-a", ...words);
      expect(JSON.parse(changed.stdout)).toMatchObject({ description: "for trials" });
    },
  );

  part(
    "one is taken away while pushes go on at the other, and is back with all that it had",
    async () => {
      const parts = ["registry-two", "gateway-two-a", "gateway-two-b"];
      await signal(parts, "SIGKILL");
      const one = skopeo(urlOf("gateway-one-b"), "alice-token");
      for (const tag of ["while-away-1", "while-away-2", "while-away-3"])
        expect(await one.push(image, `alpha/of-one:${tag}`)).toMatchObject({ ok: true });
      const two = skopeo(urlOf("gateway-two-b"), "alice-token");
      for (const way of [two, skopeo(urlOf("gateway-two-a"), "alice-token")])
        await eventually("it is back", async () => (await way.inspect("alpha/of-two:a")).ok);
      expect(await two.push(image, "alpha/of-two:after")).toMatchObject({ ok: true });
    },
  );

  part("of one that does not answer a search says so, in time, and shows the other", async () => {
    const gateways = ["gateway-two-a", "gateway-two-b"];
    await signal(gateways, "SIGSTOP");
    try {
      expect(found(await rest("gateway-one-a", "/registries/search?q=of-"))).toEqual({
        items: ["one: alpha/of-one"],
        unanswered: ["two"],
      });
      const one = skopeo(urlOf("gateway-one-a"), "alice-token");
      expect(await one.push(image, "alpha/of-one:beside")).toMatchObject({ ok: true });
    } finally {
      await signal(gateways, "SIGCONT");
    }
  });

  part("one that is registered no more gets no tokens, and what it has stays", async () => {
    const headers = { Authorization: "Bearer alice-token" };
    const taken = await ask(urlOf("gateway-one-a"), "/api/v1/registries/two", {
      ...{ method: "DELETE", headers },
    });
    expect(taken.status).toBe(204);
    const two = skopeo(urlOf("gateway-two-a"), "alice-token");
    const refused = await two.inspect("alpha/of-two:a");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("400");
    const said = await ask(urlOf("gateway-two-a"), "/token?service=two", { headers: BASIC });
    expect(errorOf(said)).toMatchObject({ message: expect.stringContaining('service "two"') });
    const made = await ask(urlOf("gateway-one-a"), "/api/v1/registries", {
      ...{ method: "POST", headers: { ...headers, "Content-Type": "application/json" } },
      body: JSON.stringify({ service: "two", url: urlOf("gateway-two-a") }),
    });
    expect(made.status).toBe(201);
    expect(await two.inspect("alpha/of-two:a")).toEqual(expect.objectContaining({ ok: true }));
    const bob = await skopeo(urlOf("gateway-two-a"), "bob-token").inspect("alpha/of-two:a");
    expect(bob.ok).toBe(false);
  });
});
