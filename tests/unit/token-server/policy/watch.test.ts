import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { watchPolicy, type PolicySource } from "#token-server/policy/watch.js";
import { YamlFileError } from "#service-kit/yaml-file.js";

const ONE = policyNamed("one");
const TWO = policyNamed("two");

describe("a policy file that is watched", () => {
  test("is fatal at the start when it is broken, with all its faults", async () => {
    const starting = watchPolicy("policy.yaml", world("rules: 1\nmore: 2").deps);
    await expect(starting).rejects.toThrow(YamlFileError);
    await expect(starting).rejects.toThrow(/policy\.yaml:1: rules: .*\npolicy\.yaml:1: Unrecog/);
  });

  test("is fatal at the start when it is not there", async () => {
    const starting = watchPolicy("policy.yaml", world(null).deps);
    await expect(starting).rejects.toThrow("policy.yaml: cannot be read");
  });

  test("is taken over once a new content has stayed for one look", async () => {
    const { source, write, look, outcomes } = await start(ONE);
    write(TWO);
    await look();
    expect(ruleOf(source)).toBe("one");
    await look();
    expect(ruleOf(source)).toBe("two");
    await look();
    expect(outcomes).toEqual(["loaded"]);
  });

  test("is not taken over half written", async () => {
    const { source, write, look, outcomes } = await start(ONE);
    for (const length of [20, 40, 60]) {
      write(TWO.slice(0, length));
      await look();
    }
    write(TWO);
    await look();
    await look();
    expect(ruleOf(source)).toBe("two");
    expect(outcomes).toEqual(["loaded"]);
  });

  test("keeps the old rules while it is broken, and complains once for each content", async () => {
    const { source, write, look, outcomes, errors } = await start(ONE);
    write("rules: nonsense");
    for (let looks = 0; looks < 5; looks += 1) await look();
    expect(ruleOf(source)).toBe("one");
    expect(outcomes).toEqual(["refused"]);
    expect(errors).toEqual([
      expect.objectContaining({
        event: "policy.refused",
        faults: ["policy.yaml:1: rules: Invalid input: expected array, received string"],
      }),
    ]);
    write(TWO);
    await look();
    await look();
    expect(ruleOf(source)).toBe("two");
  });

  test("keeps the old rules when the file goes away", async () => {
    const { source, write, look, outcomes } = await start(ONE);
    write(null);
    for (let looks = 0; looks < 3; looks += 1) await look();
    expect(ruleOf(source)).toBe("one");
    expect(outcomes).toEqual(["refused"]);
    write(ONE);
    await look();
    await look();
    expect(outcomes).toEqual(["refused", "loaded"]);
  });

  test("is read at once on reload, which says what came of it", async () => {
    const { source, write } = await start(ONE);
    expect(await source.reload()).toBe("unchanged");
    write(TWO);
    expect(await source.reload()).toBe("loaded");
    expect(ruleOf(source)).toBe("two");
    write("rules: [*nowhere]");
    expect(await source.reload()).toBe("refused");
    expect(ruleOf(source)).toBe("two");
  });

  test("tells of doubtful rules, and loads them", async () => {
    const { source, write, warnings } = await start(ONE);
    write(`${ONE}${ONE.replace("rules:\n", "").replace("one", "again")}`);
    expect(await source.reload()).toBe("loaded");
    expect(source.current().rules).toHaveLength(2);
    expect(warnings).toEqual([
      {
        event: "policy.doubtful",
        message:
          "policy.yaml:7: rule again never decides anything: one before it decides all that it is about",
      },
    ]);
  });

  test("is no longer looked at after the end", async () => {
    const { source, isWatching } = await start(ONE);
    expect(isWatching()).toBe(true);
    source.stop();
    expect(isWatching()).toBe(false);
  });

  test("is read from the disk every two seconds", async () => {
    const folder = mkdtempSync(join(tmpdir(), "policy-"));
    const path = join(folder, "policy.yaml");
    writeFileSync(path, ONE);
    const { deps, look, interval } = world(ONE);
    const { log, every } = deps;
    const source = await watchPolicy(path, { log, every });
    writeFileSync(path, TWO);
    await look();
    await look();
    expect(ruleOf(source)).toBe("two");
    expect(interval()).toBe(2_000);
    rmSync(folder, { recursive: true });
  });
});

async function start(text: string) {
  const { deps, ...controls } = world(text);
  return { source: await watchPolicy("policy.yaml", deps), ...controls };
}

/** A file in memory, a log, and a clock that ticks when told to. */
function world(first: string | null) {
  let content = first;
  let run: (() => Promise<void>) | null = null;
  let interval = 0;
  const outcomes: string[] = [];
  const errors: unknown[] = [];
  const warnings: unknown[] = [];
  const log = {
    info: () => undefined,
    warn: (entry: unknown) => void warnings.push(entry),
    error: (entry: unknown) => void errors.push(entry),
  };
  const deps = {
    log,
    onOutcome: (outcome: string) => void outcomes.push(outcome),
    readText: () =>
      content === null ? Promise.reject(new Error("ENOENT")) : Promise.resolve(content),
    every: (milliseconds: number, look: () => Promise<void>) => {
      interval = milliseconds;
      run = look;
      return () => {
        run = null;
      };
    },
  };
  return {
    deps,
    outcomes,
    errors,
    warnings,
    write: (text: string | null) => {
      content = text;
    },
    look: () => run?.() ?? Promise.reject(new Error("nobody looks")),
    isWatching: () => run !== null,
    interval: () => interval,
  };
}

function ruleOf(source: PolicySource): string | undefined {
  return source.current().rules[0]?.name.id;
}

function policyNamed(id: string): string {
  return `rules:
  - id: ${id}
    effect: allow
    actions: [pull]
    namespaces: [alpha]
    who: anyone
`;
}
