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

/** Reads environment variables into typed values and collects every fault, so that one start names them all. */
export interface EnvReader {
  text(name: string, fallback: string): string;
  optionalText(name: string): string | null;
  /** An absolute http or https URL without a trailing slash, or `null` when the variable is absent. */
  optionalUrl(name: string): string | null;
  url(name: string, fallback?: string): string;
  /** A TCP port; 0 takes a free one. */
  port(name: string, fallback: number): number;
  integer(name: string, fallback: number, range: { min: number; max: number }): number;
  flag(name: string, fallback: boolean): boolean;
  oneOf<T extends string>(name: string, fallback: T, values: readonly T[]): T;
  /** The value of `name`, or the content of the file that `name_FILE` points to; of another form it is a fault. */
  secret(name: string, options?: { form?: SecretForm; fallback?: string }): Secret;
  optionalSecret(name: string, form?: SecretForm): Secret | null;
  /** Addresses or CIDR ranges split by commas, or Express's names `loopback`, `linklocal`, `uniquelocal`. */
  addressList(name: string, fallback?: string): string[];
  /** Words split by commas. */
  list(name: string, fallback?: readonly string[]): string[];
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
  const parseUrl = (name: string, given: string): string => {
    const url = URL.canParse(given) ? new URL(given) : null;
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
      refuse(name, given.replace(/\/\/.*@/, "//[secret]@"), "an http:// or https:// URL");
    else if (url.username !== "" || url.password !== "")
      faults.push(`${name}: must not hold a user name or password`);
    return given.replace(/\/+$/, "");
  };
  const integer = (name: string, fallback: number, { min, max }: { min: number; max: number }) => {
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

  return {
    text: (name, fallback) => raw(name) ?? fallback,
    optionalText: raw,
    optionalUrl: (name) => {
      const given = raw(name);
      return given === null ? null : parseUrl(name, given);
    },
    url: (name, fallback) => {
      const given = raw(name) ?? fallback;
      if (given !== undefined) return parseUrl(name, given);
      faults.push(`${name}: absent, wanted an http:// or https:// URL`);
      return "";
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
      return list;
    },
    fault: (name, message) => faults.push(`${name}: ${message}`),
    throwIfFaulty: () => {
      const unknown = unknownVariables(env, asked).map(
        ({ name, nearest }) => `${name}: is no setting, did you mean ${nearest}?`,
      );
      if (faults.length + unknown.length > 0) throw new ConfigError([...faults, ...unknown]);
    },
  };
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
