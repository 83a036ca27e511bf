import { describe, expect, test } from "@jest/globals";
import { watchFile, type WatchedFile } from "#service-kit/watch-file.js";

/** A watched file whose text a test sets, and that looks when the test says so. */
async function watched(record: (content: string) => Promise<void>) {
  const file = { text: "first" };
  const refusals: string[] = [];
  let look = (): Promise<void> => Promise.resolve();
  const watching: WatchedFile<string> = await watchFile("policy.yaml", {
    load: (text) => {
      if (text === "broken") throw new Error("broken");
      return text;
    },
    record,
    onRefused: (faults) => refusals.push(...faults),
    readText: () => Promise.resolve(file.text),
    every: (_milliseconds, run) => {
      look = run;
      return () => undefined;
    },
  });
  return { file, refusals, watching, look: () => look() };
}

describe("a watched file", () => {
  test("counts once it has stayed the same for a look, and is on record before that", async () => {
    const recorded: string[] = [];
    const { file, watching, look } = await watched((content) => {
      expect(watching.current()).toBe("first");
      recorded.push(content);
      return Promise.resolve();
    });
    file.text = "second";
    await look();
    expect(watching.current()).toBe("first");
    await look();
    expect(watching.current()).toBe("second");
    await look();
    expect(recorded).toEqual(["second"]);
  });

  test("does not count while it cannot be put on record, and does as soon as it can", async () => {
    let isAway = true;
    const { file, refusals, watching } = await watched(() =>
      isAway ? Promise.reject(new Error("the database is away")) : Promise.resolve(),
    );
    file.text = "second";
    expect(await watching.reload()).toBe("refused");
    expect(watching.current()).toBe("first");
    isAway = false;
    expect(await watching.reload()).toBe("loaded");
    expect(watching.current()).toBe("second");
    expect(refusals).toEqual(["Error: the database is away"]);
  });

  test("that is broken is refused once, and never put on record", async () => {
    const recorded: string[] = [];
    const { file, refusals, watching } = await watched((content) => {
      recorded.push(content);
      return Promise.resolve();
    });
    file.text = "broken";
    expect([await watching.reload(), await watching.reload()]).toEqual(["refused", "unchanged"]);
    expect(refusals).toHaveLength(1);
    expect(recorded).toEqual([]);
  });
});
