import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import { ConfigError, type EnvReader } from "../config.js";
import { examineFile } from "../examine-file.js";

/** How far the database's server has to prove itself, least first: libpq's words, section "SSL Support". */
export const TLS_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** How connections to the database are encrypted. */
export interface DatabaseTls {
  readonly mode: TlsMode;
  /** PEM of the authorities that are trusted; `null`: those that Node knows. */
  readonly authorities: string | null;
}

export const NO_TLS: DatabaseTls = { mode: "disable", authorities: null };

const PARAMETERS = ["ssl", "sslmode", "sslrootcert"] as const;
const WANTED_PARAMETERS = `wanted ${PARAMETERS.join(", ")}`;

/** A mode that somebody asked for, and where. */
interface Asked {
  readonly mode: TlsMode;
  readonly by: string;
  /** `ssl=true` asks for TLS of whatever kind, so a mode beside it may say which. */
  readonly least: boolean;
}

/**
 * Reads what `DB_SUBNAME`, `PGSSLMODE` and `PGSSLROOTCERT` say about TLS. Whatever is not understood, or
 * contradicts itself, is a fault: there is never less TLS than was asked for.
 *
 * @param read - reader that collects faults
 * @param query - parameters of `DB_SUBNAME`
 * @returns how connections are encrypted
 */
export function readDatabaseTls(read: EnvReader, query: URLSearchParams): DatabaseTls {
  for (const name of new Set(query.keys())) checkParameter(read, query, name);
  const asked = [
    ofSsl(read, query.get("ssl")),
    ofMode(read, "DB_SUBNAME", query.get("sslmode")),
    ofMode(read, "PGSSLMODE", sslModeOfEnvironment(read)),
  ].filter((one) => one !== null);
  const mode = agreed(read, asked);
  const file = rootCertificateFile(read, query);
  if (file === null) return { mode, authorities: null };
  const named = query.has("sslrootcert")
    ? { variable: "DB_SUBNAME", prefix: "sslrootcert: " }
    : { variable: "PGSSLROOTCERT", prefix: "" };
  if (mode === "disable") {
    const wanted = "wanted sslmode=verify-full in DB_SUBNAME with it";
    read.fault(named.variable, `${named.prefix}given without TLS, ${wanted}`);
    return NO_TLS;
  }
  // libpq: with authorities at hand, `require` is `verify-ca`.
  return {
    mode: mode === "require" ? "verify-ca" : mode,
    authorities: file === "system" ? null : readAuthorities(read, file, named),
  };
}

/**
 * @param tls - how connections are encrypted
 * @param host - name or address that the certificate has to be made out to
 * @returns options for Node's TLS; `false`: none
 */
export function tlsOptions(
  { mode, authorities }: DatabaseTls,
  host: string,
): ConnectionOptions | false {
  if (mode === "disable") return false;
  if (mode === "require") return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...(authorities === null ? {} : { ca: authorities }),
    // The library names no host where that is an address, and Node would then check for "localhost".
    checkServerIdentity: (_name, certificate) =>
      mode === "verify-ca" ? undefined : checkServerIdentity(host, certificate),
  };
}

function sslModeOfEnvironment(read: EnvReader): string | null {
  return read.optionalText("PGSSLMODE", {
    meaning: "TLS to the database; may not contradict `DB_SUBNAME`",
    wanted: TLS_MODES.map((mode) => `\`${mode}\``).join(", "),
    absent: "what `DB_SUBNAME` says",
  });
}

function checkParameter(read: EnvReader, query: URLSearchParams, name: string): void {
  if (!PARAMETERS.some((known) => known === name))
    read.fault(
      "DB_SUBNAME",
      `does not know the parameter ${JSON.stringify(name)}, ${WANTED_PARAMETERS}`,
    );
  else if (query.getAll(name).length > 1)
    read.fault("DB_SUBNAME", `given ${name} more than once, wanted it once`);
}

function ofSsl(read: EnvReader, given: string | null): Asked | null {
  if (given === "true") return { mode: "require", by: "ssl=true", least: true };
  if (given === "false") return { mode: "disable", by: "ssl=false", least: false };
  if (given !== null)
    read.fault("DB_SUBNAME", `given ssl=${JSON.stringify(given)}, wanted ssl=true or ssl=false`);
  return null;
}

/** `allow` and `prefer` are content with no TLS at all, which nobody should have to guess. */
function ofMode(read: EnvReader, variable: string, given: string | null): Asked | null {
  if (given === null) return null;
  const mode = TLS_MODES.find((known) => known === given);
  const by = variable === "DB_SUBNAME" ? `sslmode=${given}` : `${variable}=${given}`;
  if (mode !== undefined) return { mode, by, least: false };
  const shown =
    variable === "DB_SUBNAME" ? `sslmode=${JSON.stringify(given)}` : JSON.stringify(given);
  read.fault(variable, `given ${shown}, wanted ${TLS_MODES.join(", ")}`);
  return null;
}

function agreed(read: EnvReader, asked: readonly Asked[]): TlsMode {
  const exact = asked.filter(({ least }) => !least);
  const [first = asked[0]] = exact;
  if (first === undefined) return "disable";
  const other = asked.find(({ mode, least }) =>
    least ? first.mode === "disable" : mode !== first.mode,
  );
  if (other !== undefined)
    read.fault(
      "DB_SUBNAME",
      `${first.by} and ${other.by} contradict each other, wanted one of them`,
    );
  return first.mode;
}

function rootCertificateFile(read: EnvReader, query: URLSearchParams): string | null {
  const named = query.get("sslrootcert");
  const ofEnvironment = read.optionalText("PGSSLROOTCERT", {
    meaning: "the authorities that the database's certificate has to come from",
    wanted: "PEM file, or `system`",
    absent: "what `DB_SUBNAME` says",
  });
  if (named === "") read.fault("DB_SUBNAME", "sslrootcert is empty, wanted a file");
  if (named !== null && ofEnvironment !== null && named !== ofEnvironment)
    read.fault("PGSSLROOTCERT", "differs from sslrootcert in DB_SUBNAME, wanted one of them");
  return named ?? ofEnvironment;
}

function readAuthorities(
  read: EnvReader,
  file: string,
  { variable, prefix }: { readonly variable: string; readonly prefix: string },
): string {
  const holdsNone = `${prefix}given ${JSON.stringify(file)}, wanted a file with certificates in PEM`;
  const text = examineFile(read, variable, file, (found) => {
    if (!found.includes("-----BEGIN CERTIFICATE-----")) throw new ConfigError([holdsNone]);
    return found;
  });
  return text ?? "";
}
