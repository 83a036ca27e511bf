import { describe, expect, test } from "@jest/globals";
import { ServiceUnreachable } from "#service-kit/http/fetch-json.js";
import { searchGateway, type GatewayDeps } from "#token-server/registries/ask-gateway.js";
import {
  createRegistry,
  seenRegistry,
  type RegistryDeps,
} from "#token-server/registries/manage-registries.js";
import type { Registry } from "#token-server/registries/registry.js";

const ITEM = { name: "alpha/app", description: "", pulls: 0, official: false, automated: false };

describe("a registry that is asked for what it has", () => {
  const asked = (fetchJson: GatewayDeps["fetchJson"], url: string | null = "https://r.example") => {
    const warned: unknown[] = [];
    const log = { warn: (line: unknown) => warned.push(line) } as GatewayDeps["log"];
    const question = { q: "app", limit: 1, token: "t", milliseconds: 1_000 };
    const deps = { fetchJson, fetchUnchecked: fetchJson, log };
    const registry = { service: "r.example", url, insecure: false };
    return { warned, end: searchGateway(deps, registry, question) };
  };
  const failing = (error: Error) => () => Promise.reject(error);

  test.each([
    ["it did not answer", new ServiceUnreachable("reset")],
    ["it answered 503", new ServiceUnreachable("busy", 503)],
  ])("has not answered, and that is told: %s", async (unanswered, error) => {
    const { end, warned } = asked(failing(error));
    expect(await end).toEqual({ unanswered });
    expect(warned).toMatchObject([{ event: "registry.unanswered" }]);
  });

  test("is not said to be away where the mistake is ours", async () => {
    const mistake = new TypeError("a mistake");
    await expect(asked(failing(mistake)).end).rejects.toBe(mistake);
  });

  test.each<[string, number, string | null, boolean]>([
    ["as much as is asked for", 1, null, false],
    ["more than is asked for", 2, null, true],
    ["a next page", 1, "/next", true],
  ])("has more where it answers with %s: %s, %s", async (_what, count, next, hasMore) => {
    const items = Array.from({ length: count }, () => ITEM);
    const { end } = asked(() => Promise.resolve({ status: 200, body: { items, next } }));
    expect(await end).toMatchObject({ items: [expect.anything()], hasMore });
  });

  test("is asked nowhere where nobody has said where", async () => {
    const { end } = asked(failing(new TypeError("asked")), null);
    expect(await end).toEqual({ unanswered: "nobody has said where it is asked" });
  });
});

describe("a registry", () => {
  const known = {
    ...{ service: "r.example", url: null, insecure: false, restricted: false, description: "" },
    ...{ publications: ["beta"], responsibles: ["alpha"], isOwn: false, createdBy: "" },
    ...{ createdAt: new Date(0), changedBy: null, changedAt: null },
  } as Registry;
  const registries = { all: () => [known] } as unknown as RegistryDeps["registries"];
  const looker = (team: string) => ({ teams: [team], isAdministrator: false });

  test("is there for those to whom it is published, and no other is", () => {
    expect(seenRegistry(registries, looker("beta"), "r.example")).toBe(known);
    for (const [team, service] of [
      ["gamma", "r.example"],
      ["beta", "other.example"],
    ] as const)
      // prettier-ignore
      expect(() => seenRegistry(registries, looker(team), service)).toThrow(
        expect.objectContaining({ code: "NOT_FOUND" }),
      );
  });

  test("is made for a team of whoever makes it: in none, nobody makes one", async () => {
    const privileges = { hasPrivilege: () => true, primaryTeamOf: () => null };
    const deps = { registries, privileges } as unknown as RegistryDeps;
    const wanted = { service: "n.example", url: null, insecure: false, restricted: false };
    await expect(
      createRegistry(deps, looker("alpha") as never, { ...wanted, description: "" }),
    ).rejects.toMatchObject({
      code: "DENIED",
      message: expect.stringContaining("you are in none"),
    });
  });
});
