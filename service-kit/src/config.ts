import { isIP } from "node:net";
import { Secret } from "./secret.js";
import { unknownVariables } from "./unknown-variables.js";
import { secretFault, secretOfFile, SHARED_SECRET, type SecretForm } from "./secret-form.js";

/** All that is wrong with the environment, one line per variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`configuration refused:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}

/** What a whole number may be, and of what; names that end in `_SECONDS`, `_HOURS` or `_DAYS` say it themselves. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

/**
 * What docs/configuration.md says of a variable: its meaning in one sentence. Markdown; `docs/keys.md` becomes a link.
 * A variable that is only looked at again, where it was described before, has none.
 */
export type About =
  | string
  | {
      readonly meaning: string;
      /** What has to be given, where the kind of value does not say it. */
      readonly wanted?: string;
      /** What holds without the variable, where its default does not say it. */
      readonly absent?: string;
    };

/** How much of a URL there may be: scheme, host and port alone; a path besides; all but a fragment, which is never sent. */
export type UrlParts = "origin" | "path" | "query";

/** Reads environment variables into typed values and collects every fault, so that one start names them all. */
export interface EnvReader {
  /** The same reader, for variables that docs/configuration.md has under a heading of their own. */
  on(subject: string): EnvReader;
  text(name: string, fallback: string, about?: About): string;
  optionalText(name: string, about?: About): string | null;
  /** An absolute http or https URL without a trailing slash, or `null` when the variable is absent. */
  optionalUrl(name: string, about?: About, most?: UrlParts): string | null;
  url(name: string, fallback?: string, about?: About, most?: UrlParts): string;
  /** An address to listen on, or a name of this machine. */
  host(name: string, fallback: string, about?: About): string;
  /** A TCP port; 0 takes a free one. */
  port(name: string, fallback: number, about?: About): number;
  integer(name: string, fallback: number, range: IntegerRange, about?: About): number;
  flag(name: string, fallback: boolean, about?: About): boolean;
  oneOf<T extends string>(name: string, fallback: T, values: readonly T[], about?: About): T;
  /** The value of `name`, or the content of the file that `name_FILE` points to; of another form it is a fault. */
  secret(name: string, options?: { form?: SecretForm; fallback?: string }, about?: About): Secret;
  optionalSecret(name: string, form?: SecretForm, about?: About): Secret | null;
  /** Addresses or CIDR ranges split by commas, or Express's names `loopback`, `linklocal`, `uniquelocal`. */
  addressList(name: string, fallback?: string, about?: About): string[];
  /** Words split by commas. */
  list(name: string, fallback?: readonly string[], about?: About): string[];
  /** Records a fault of a rule that spans several variables. */
  fault(name: string, message: string): void;
  /** @throws ConfigError when anything read so far was faulty, or a variable is set that looks like ours and is not */
  throwIfFaulty(): void;
}

/**
 * @param env - environment variables; an empty value counts as absent
 * @returns a reader over them
 */
export function envReader(env: NodeJS.ProcessEnv): EnvReader {
  const faults: string[] = [];
  const asked = new Set<string>();
  const raw = (name: string): string | null => {
    asked.add(name);
    const value = env[name]?.trim();
    return value === undefined || value === "" ? null : value;
  };
  const refuse = (name: string, given: string, wanted: string) => {
    faults.push(`${name}: given ${JSON.stringify(given)}, wanted ${wanted}`);
  };
  const parseUrl = (name: string, given: string, most: UrlParts = "query"): string => {
    const fault = urlFault(given, most);
    if (fault !== null) faults.push(`${name}: ${fault}`);
    return given.replace(/\/+$/, "");
  };
  const integer = (name: string, fallback: number, { min, max }: IntegerRange) => {
    const given = raw(name);
    if (given === null) return fallback;
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < min || value > max)
      refuse(name, given, `a whole number from ${min} to ${max}`);
    return value;
  };
  const optionalSecret = (name: string, form = SHARED_SECRET): Secret | null => {
    const file = raw(`${name}_FILE`);
    const given = env[name] ?? "";
    asked.add(name);
    if (file !== null && given !== "")
      faults.push(`${name}: given both directly and as ${name}_FILE, wanted one of them`);
    if (file === null && given === "") return null;
    const secret =
      file === null ? { text: given, fault: secretFault(given, form) } : secretOfFile(file, form);
    if (secret.fault === null) return new Secret(secret.text);
    faults.push(`${file === null ? name : `${name}_FILE`}: ${secret.fault}`);
    return new Secret("");
  };

  const reader: EnvReader = {
    on: () => reader,
    text: (name, fallback) => raw(name) ?? fallback,
    optionalText: raw,
    optionalUrl: (name, _about, most) => {
      const given = raw(name);
      return given === null ? null : parseUrl(name, given, most);
    },
    url: (name, fallback, _about, most) => {
      const given = raw(name) ?? fallback;
      if (given !== undefined) return parseUrl(name, given, most);
      faults.push(`${name}: absent, wanted an http:// or https:// URL`);
      return "";
    },
    host: (name, fallback) => {
      const host = raw(name) ?? fallback;
      if (isIP(host) === 0 && !/^[\w.-]+$/.test(host))
        refuse(name, host, "an address or name of this machine");
      return host;
    },
    port: (name, fallback) => integer(name, fallback, { min: 0, max: 65_535 }),
    integer,
    flag: (name, fallback) => {
      const given = raw(name);
      if (given === null) return fallback;
      if (given !== "true" && given !== "false") refuse(name, given, "true or false");
      return given === "true";
    },
    oneOf: (name, fallback, values) => {
      const given = raw(name);
      const value = values.find((candidate) => candidate === given);
      if (given !== null && value === undefined) refuse(name, given, values.join(", "));
      return value ?? fallback;
    },
    optionalSecret,
    secret: (name, { form, fallback } = {}) => {
      const given = optionalSecret(name, form);
      const value = given ?? (fallback === undefined ? null : new Secret(fallback));
      if (value !== null) return value;
      faults.push(`${name}: absent, wanted a value or ${name}_FILE`);
      return new Secret("");
    },
    list: (name, fallback = []) => splitList(raw(name) ?? fallback.join()),
    addressList: (name, fallback = "") => {
      const list = splitList(raw(name) ?? fallback);
      for (const entry of list)
        if (!isAddressRange(entry)) refuse(name, entry, "an IP address, a CIDR range or a name");
      return list.filter(isAddressRange);
    },
    fault: (name, message) => faults.push(`${name}: ${message}`),
    throwIfFaulty: () => {
      const unknown = unknownVariables(env, asked).map(
        ({ name, nearest }) => `${name}: is no setting, did you mean ${nearest}?`,
      );
      if (faults.length + unknown.length > 0) throw new ConfigError([...faults, ...unknown]);
    },
  };
  return reader;
}

/**
 * @param given - what should be an http or https URL
 * @param most - what it may have besides scheme and host
 * @returns what is wrong with it, without repeating a password in it; `null`: nothing
 */
export function urlFault(given: string, most: UrlParts): string | null {
  const shown = JSON.stringify(given.replace(/\/\/.*@/, "//[secret]@"));
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    return `given ${shown}, wanted an http:// or https:// URL`;
  if (url.username !== "" || url.password !== "")
    return `given ${shown}, wanted it without user name and password`;
  if (most === "origin" && /[^/]/.test(url.pathname))
    return `given ${shown}, wanted ${url.origin}, without a path`;
  if (given.includes("#")) return `given ${shown}, wanted it without a fragment`;
  if (most !== "query" && given.includes("?")) return `given ${shown}, wanted it without a query`;
  return null;
}

function splitList(text: string): string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries.filter((entry) => entry !== "");
}

function isAddressRange(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
