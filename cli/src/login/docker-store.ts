import { z } from "zod";
import { CommandFault } from "../exit/faults.js";
import { readJsonFile, writePrivateJson } from "../config/private-file.js";
import { helperProgram, type HelperProgram } from "./helper-program.js";
import { REFRESH_TOKEN_USER, type Login } from "./login.js";

/** What else stands in the file is docker's and stays as it is. */
const authSchema = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configSchema = z.looseObject({
  auths: z.record(z.string(), authSchema).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

type DockerConfig = z.output<typeof configSchema>;

/** Logins as docker keeps them. */
export interface DockerStore {
  /** @returns the login for a host, `null` when there is none */
  get(host: string): Promise<Login | null>;
  /** Keeps a login where docker would. @returns where that is */
  store(host: string, login: { readonly user: string; readonly secret: string }): Promise<string>;
  /** Forgets it. @returns whether there was one */
  erase(host: string): Promise<boolean>;
  /** From now on docker asks this helper for the host; `null`: as for any other. */
  useHelper(host: string, name: string | null): void;
}

/** What is needed to reach the places where docker keeps logins. */
export interface DockerStoreDeps {
  /** docker's `config.json`. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  /** What is asked in place of the program `docker-credential-wharf`, which is this one. */
  readonly own: HelperProgram;
}

/** Name of this program as a helper. */
export const OWN_HELPER = "wharf";

/**
 * @param deps - where docker's file is, and how helpers are run
 * @returns the logins in it, or in the helper that it names for a host (`credHelpers`) or for all (`credsStore`)
 */
export function dockerStore({ file, env, own }: DockerStoreDeps): DockerStore {
  const read = () => readConfig(file);
  const helperFor = (config: DockerConfig, host: string) => {
    const name = config.credHelpers?.[host] ?? config.credsStore;
    if (name === undefined || name === "") return null;
    return { name, program: name === OWN_HELPER ? own : helperProgram(name, env) };
  };
  return {
    get: async (host) => {
      const config = read();
      const helper = helperFor(config, host);
      const kept = await helper?.program.get(host);
      if (kept != null) return { ...kept, origin: `docker-credential-${helper?.name ?? ""}` };
      return loginOf(config.auths?.[host], file);
    },
    store: async (host, login) => {
      const config = read();
      const helper = helperFor(config, host);
      if (helper !== null) {
        await helper.program.store(host, login);
        // As docker does, so that it knows that there is a login.
        writePrivateJson(file, { ...config, auths: { ...config.auths, [host]: {} } });
        return `docker-credential-${helper.name}`;
      }
      writePrivateJson(file, { ...config, auths: { ...config.auths, [host]: entryOf(login) } });
      return file;
    },
    erase: async (host) => {
      const config = read();
      const helper = helperFor(config, host);
      const wasKept = (await helper?.program.get(host)) != null;
      if (wasKept) await helper?.program.erase(host);
      const { [host]: gone, ...auths } = config.auths ?? {};
      if (gone !== undefined) writePrivateJson(file, { ...config, auths });
      return wasKept || gone !== undefined;
    },
    useHelper: (host, name) => {
      const config = read();
      const { [host]: before, ...others } = config.credHelpers ?? {};
      if (name === null ? before !== OWN_HELPER : before === name) return;
      writePrivateJson(file, {
        ...config,
        credHelpers: name === null ? others : { ...others, [host]: name },
      });
    },
  };
}

function readConfig(file: string): DockerConfig {
  const parsed = configSchema.safeParse(readJsonFile(file) ?? {});
  if (parsed.success) return parsed.data;
  throw new CommandFault(
    `${file} is not of docker's form: ${parsed.error.issues[0]?.path.join(".") ?? ""}`,
  );
}

function entryOf({ user, secret }: { readonly user: string; readonly secret: string }) {
  if (user === REFRESH_TOKEN_USER)
    return { auth: Buffer.from(`${user}:`).toString("base64"), identitytoken: secret };
  return { auth: Buffer.from(`${user}:${secret}`).toString("base64") };
}

function loginOf(entry: z.output<typeof authSchema> | undefined, origin: string): Login | null {
  if (entry === undefined) return null;
  if (entry.identitytoken !== undefined && entry.identitytoken !== "")
    return { user: REFRESH_TOKEN_USER, secret: entry.identitytoken, origin };
  if (entry.auth !== undefined && entry.auth !== "") {
    const text = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon !== -1) return { user: text.slice(0, colon), secret: text.slice(colon + 1), origin };
  }
  if (entry.username !== undefined && entry.password !== undefined)
    return { user: entry.username, secret: entry.password, origin };
  return null;
}
