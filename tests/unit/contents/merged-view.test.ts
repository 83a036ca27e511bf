import { describe, expect, test } from "@jest/globals";
import type { LayerEntry } from "#gateway/contents/layer-entry.js";
import { mergedView } from "#gateway/contents/merged-view.js";

/** `dir/` is a folder, `-path` takes away, `!dir` empties. */
function entry(text: string): LayerEntry {
  const [path, kind] = text.startsWith("-")
    ? ([text.slice(1), "removed"] as const)
    : text.startsWith("!")
      ? ([text.slice(1), "emptied"] as const)
      : text.endsWith("/")
        ? ([text.slice(0, -1), "folder"] as const)
        : ([text, "file"] as const);
  return { path, kind, mode: 0, size: 0, modified: null, target: null };
}

/** The topmost layer first. */
function seen(...layers: readonly string[]): readonly string[] {
  const view = mergedView();
  return layers.flatMap((text) => {
    const layer = view.next();
    for (const one of text === "" ? [] : text.split(" ")) layer.add(entry(one));
    return [...layer.seen()].flatMap((one) =>
      one === null ? [] : one.kind === "folder" ? `${one.path}/` : one.path,
    );
  });
}

describe("layers upon each other", () => {
  test.each<[string, readonly string[], string]>([
    ["show all where nothing is there twice", ["a", "b c/d"], "a b c/d"],
    ["show the topmost of a name", ["a", "a b"], "a b"],
    ["show folders of both, once", ["c/ c/d", "c/ c/e"], "c/ c/d c/e"],
    ["hide what is removed, and all below it", ["-c", "c/ c/d c/e/f cc"], "cc"],
    ["hide what is removed, however often it lies below", ["-a", "a", "a"], ""],
    ["hide what was in a folder that is emptied", ["c/ !c", "c/ c/d c/e/f", "c/g d"], "c/ d"],
    ["hide all below a root that is emptied", ["!", "a c/d"], ""],
    ["hide a folder's content behind a file of its name", ["c", "c/ c/d"], "c"],
    ["show a folder in place of a file", ["c/ c/d", "c"], "c/ c/d"],
    [
      "hide nothing of the layer that removes",
      ["c/ c/new !c -c/d c/d", "c/d c/old"],
      "c/ c/new c/d",
    ],
    ["show what is there again above what is removed", ["a", "-a", "a"], "a"],
    ["know names from beginnings of names", ["-app", "apple app-2 app/x"], "apple app-2"],
    ["show the later of two of one name in a layer", ["a a"], "a"],
  ])("%s", (_what, layers, wanted) => {
    expect(seen(...layers).join(" ")).toBe(wanted);
  });

  test("are given up where names take too much", () => {
    const layer = mergedView().next();
    expect(() => {
      for (let index = 0; index < 9_000; index += 1)
        layer.add(entry(`${index}/${"x".repeat(4_000)}`));
    }).toThrow("names of more than");
  });
});
