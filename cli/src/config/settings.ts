import { join } from "node:path";
import { z } from "zod";
import { CommandFault, UsageFault } from "../exit/faults.js";
import { settingsFolder, type Environment } from "./places.js";
import { readJsonFile, writePrivateJson } from "./private-file.js";

/** Where a login comes from, each time that one is needed. Never the login itself: docker's store keeps that. */
const sourceSchema = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("docker") }),
  z.strictObject({ from: z.literal("file"), file: z.string(), user: z.string() }),
  z.strictObject({ from: z.literal("command"), command: z.string(), user: z.string() }),
  z.strictObject({ from: z.literal("service") }),
  z.strictObject({ from: z.literal("pipeline"), audience: z.string() }),
]);
const contextSchema = z.strictObject({ url: z.url(), login: sourceSchema });
const settingsSchema = z.strictObject({
  current: z.string().nullable().default(null),
  contexts: z.record(z.string(), contextSchema).default({}),
});

/** Where a login comes from. */
export type LoginSource = z.output<typeof sourceSchema>;
/** A registry by a name of one's own. */
export type Context = z.output<typeof contextSchema>;
/** What wharf's own file says. */
export type Settings = z.output<typeof settingsSchema>;

/**
 * @param env - environment variables
 * @param platform - as `process.platform`
 * @returns wharf's own file
 */
export function settingsFile(env: Environment, platform: string): string {
  return join(settingsFolder(env, platform), "config.json");
}

/**
 * @param file - wharf's own file
 * @returns what it says; nothing when it is not there
 * @throws CommandFault when it is not of its form
 */
export function readSettings(file: string): Settings {
  const parsed = settingsSchema.safeParse(readJsonFile(file) ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new CommandFault(
    `${file}: ${where === "" ? "" : `${where}: `}${issue?.message ?? "wrong"}`,
  );
}

/**
 * @param file - wharf's own file
 * @param settings - what it is to say
 */
export function writeSettings(file: string, settings: Settings): void {
  writePrivateJson(file, settings);
}

/**
 * @param settings - contexts
 * @param name - name of one
 * @returns the context
 * @throws UsageFault when there is none of that name
 */
export function contextNamed({ contexts }: Settings, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(contexts);
  throw new UsageFault(
    `there is no context ${JSON.stringify(name)}`,
    known.length === 0 ? "make one: wharf login URL" : `there are: ${known.join(", ")}`,
  );
}
