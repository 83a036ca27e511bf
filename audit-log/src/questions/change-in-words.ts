import { z } from "zod";
import type { RecordedEntry } from "../recorded-entry.js";

const changedSettings = z.record(
  z.string(),
  z.object({ from: z.string().nullable(), to: z.string().nullable() }),
);
const keysSchema = z.array(z.object({ name: z.string(), keyId: z.string() }));
const grantsSchema = z.array(z.object({ repositories: z.string(), actions: z.array(z.string()) }));

/**
 * @param entry - of something that changed who may do what, but no file
 * @returns what is otherwise now, a sentence each
 */
export function changeInWords({ action, detail, reason }: RecordedEntry): string[] {
  switch (action) {
    case "settings.changed":
      return settingsInWords(detail);
    case "key.rotated":
      return (keysSchema.safeParse(detail["keys"]).data ?? []).map(
        ({ name, keyId }) => `key ${name} ${keyId}`,
      );
    case "mode.changed":
      return [`${inWord(detail["before"])} → ${inWord(detail["mode"])}: ${reason}`];
    default:
      return action.startsWith("robot.") ? robotInWords(action, detail) : [reason];
  }
}

/** @returns whether a value is a text that says something */
export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function settingsInWords(detail: RecordedEntry["detail"]): string[] {
  const changed = changedSettings.safeParse(detail["changed"]).data;
  if (changed === undefined) return ["the first on record"];
  return Object.entries(changed).map(
    ([name, { from, to }]) => `${name}: ${from ?? "not given"} → ${to ?? "not given"}`,
  );
}

function robotInWords(action: string, detail: RecordedEntry["detail"]): string[] {
  const grants = (grantsSchema.safeParse(detail["grants"]).data ?? []).map(
    ({ repositories, actions }) => `${actions.join(", ")} in ${repositories}`,
  );
  const until = `until ${inWord(detail["expiresAt"])}`;
  const done = action.slice("robot.".length);
  return [`${done}, of team ${inWord(detail["team"])}, ${until}: ${grants.join("; ")}`];
}

function inWord(value: unknown): string {
  return isText(value) ? value : "unknown";
}
