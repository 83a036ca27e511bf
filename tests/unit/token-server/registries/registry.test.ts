import { describe, expect, test } from "@jest/globals";
import {
  mayBeChangedBy,
  requireManager,
  requireResponsible,
  type Registrar,
} from "#token-server/registries/authority.js";
import { isSeenBy, type Registry } from "#token-server/registries/registry.js";

const LAB: Registry = {
  ...{ service: "lab", restricted: false, publications: ["alpha"], responsibles: ["beta"] },
  ...{ url: null, insecure: false, description: "", isOwn: false },
  ...{ createdBy: "alice", createdAt: new Date(0), changedBy: null, changedAt: null },
};
const OWN = { ...LAB, isOwn: true };
const whoever = (teams: readonly string[], isAdministrator = false) =>
  ({ teams, isAdministrator }) as Registrar;

describe("a registry", () => {
  test("is known to those whom it is published to, who are responsible for it, or who administer", () => {
    const sees = (teams: readonly string[], isAdministrator = false) =>
      isSeenBy(LAB, { teams, isAdministrator });
    expect([sees(["alpha"]), sees(["beta"]), sees(["gamma"]), sees([])]).toEqual([
      ...[true, true, false, false],
    ]);
    expect(sees([], true)).toBe(true);
    expect(isSeenBy({ ...LAB, publications: ["*"] }, whoever([]))).toBe(true);
  });

  test("is changed by responsible teams, and that of the configuration by administrators, too", () => {
    for (const [registry, who, may] of [
      [LAB, whoever(["beta"]), true],
      [LAB, whoever(["alpha"]), false],
      [LAB, whoever(["alpha"], true), false],
      [OWN, whoever(["alpha"], true), true],
      [OWN, whoever(["alpha"]), false],
      [OWN, whoever(["beta"]), true],
    ] as const) {
      expect(mayBeChangedBy(who, registry)).toBe(may);
      const require = () => {
        requireResponsible(who, registry);
      };
      if (may) expect(require).not.toThrow();
      else expect(require).toThrow("none of your teams is responsible for registry lab");
    }
  });

  test("is made by whoever has the privilege Manager", () => {
    const make = (has: boolean) => () => {
      requireManager({ hasPrivilege: () => has, primaryTeamOf: () => "alpha" }, whoever([]));
    };
    expect(make(true)).not.toThrow();
    expect(make(false)).toThrow("making a registry needs the privilege Manager");
  });
});
