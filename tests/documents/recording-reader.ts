import type { About, EnvReader, IntegerRange } from "#service-kit/config.js";
import { Secret } from "#service-kit/secret.js";
import { SHARED_SECRET, type SecretForm } from "#service-kit/secret-form.js";

/** Which call of the reader asks for it. */
export type VariableKind =
  "text" | "url" | "host" | "port" | "integer" | "flag" | "word" | "secret" | "addresses" | "list";

/** One variable as the code that reads it describes it. */
export interface Variable {
  readonly name: string;
  readonly subject: string;
  /** What has to be given, in Markdown. */
  readonly wanted: string;
  /** What holds without it, in Markdown; `required` when nothing does. */
  readonly absent: string;
  readonly meaning: string;
  /** Whether `<name>_FILE` may name a file with it instead. */
  readonly isSecret: boolean;
  readonly kind: VariableKind;
  /** Of a whole number. */
  readonly range?: IntegerRange;
}

/** What was read. */
export interface Recording {
  /** Variables that were read with a description. */
  readonly variables: readonly Variable[];
  /** All names that were read, `<name>_FILE` of secrets among them. */
  readonly names: ReadonlySet<string>;
}

/** Kinds of values that a call of the reader asks for. */
interface Kind extends Pick<Variable, "wanted" | "absent" | "kind" | "range"> {
  readonly isSecret?: boolean;
}

const REQUIRED = "required";
const UNITS: Readonly<Record<string, string>> = { SECONDS: "s", HOURS: "h", DAYS: "days" };

/**
 * Lets a configuration be read from an empty environment and notes what it asks for.
 *
 * @param readVariables - reads all variables of a program
 * @returns what was read
 */
export function record(readVariables: (read: EnvReader) => unknown): Recording {
  const variables: Variable[] = [];
  const names = new Set<string>();
  const note = (subject: string, name: string, about: About | undefined, kind: Kind) => {
    names.add(name);
    if (kind.isSecret === true) names.add(`${name}_FILE`);
    if (about === undefined) return;
    const { meaning, ...said } = typeof about === "string" ? { meaning: about } : about;
    variables.push({ name, subject, meaning, isSecret: false, ...kind, ...said });
  };
  readVariables(recordingReader("", note));
  return { variables, names };
}

type Note = (subject: string, name: string, about: About | undefined, kind: Kind) => void;

function recordingReader(subject: string, note: Note): EnvReader {
  const noted = <T>(value: T, name: string, about: About | undefined, kind: Kind): T => {
    note(subject, name, about, kind);
    return value;
  };
  const secret = (
    name: string,
    { wanted }: SecretForm,
    about: About | undefined,
    absent: string,
  ) => {
    note(subject, name, about, {
      wanted: `secret: ${wanted}`,
      absent,
      isSecret: true,
      kind: "secret",
    });
  };
  return {
    on: (other) => recordingReader(other, note),
    text: (name, fallback, about) =>
      noted(fallback, name, about, { wanted: "text", absent: code(fallback), kind: "text" }),
    optionalText: (name, about) =>
      noted(null, name, about, { wanted: "text", absent: "none", kind: "text" }),
    optionalUrl: (name, about) =>
      noted(null, name, about, { wanted: "URL", absent: "none", kind: "url" }),
    url: (name, fallback, about) => {
      const absent = fallback === undefined ? REQUIRED : code(fallback);
      return noted(fallback ?? "", name, about, { wanted: "URL", absent, kind: "url" });
    },
    host: (name, fallback, about) =>
      noted(fallback, name, about, { wanted: "address", absent: code(fallback), kind: "host" }),
    port: (name, fallback, about) =>
      noted(fallback, name, about, { wanted: "port", absent: String(fallback), kind: "port" }),
    integer: (name, fallback, range, about) => {
      const { min, max, unit = unitOf(name) } = range;
      const wanted = `${min} to ${max}${unit === "" ? "" : ` ${unit}`}`;
      return noted(fallback, name, about, {
        wanted,
        absent: String(fallback),
        kind: "integer",
        range,
      });
    },
    flag: (name, fallback, about) =>
      noted(fallback, name, about, {
        wanted: "`true`, `false`",
        absent: code(String(fallback)),
        kind: "flag",
      }),
    oneOf: (name, fallback, values, about) =>
      noted(fallback, name, about, {
        wanted: values.map(code).join(", "),
        absent: code(fallback),
        kind: "word",
      }),
    secret: (name, { form = SHARED_SECRET, fallback } = {}, about) => {
      secret(name, form, about, fallback === undefined ? REQUIRED : code(fallback));
      return new Secret(fallback ?? "");
    },
    optionalSecret: (name, form = SHARED_SECRET, about) => {
      secret(name, form, about, "none");
      return null;
    },
    addressList: (name, fallback = "", about) =>
      noted([], name, about, {
        wanted: "addresses, CIDR ranges, `loopback`, `linklocal`, `uniquelocal`, split by commas",
        absent: fallback === "" ? "none" : code(fallback),
        kind: "addresses",
      }),
    list: (name, fallback = [], about) =>
      noted([...fallback], name, about, {
        wanted: "words split by commas",
        absent: fallback.length === 0 ? "none" : code(fallback.join()),
        kind: "list",
      }),
    fault: () => undefined,
    throwIfFaulty: () => undefined,
  };
}

function code(text: string): string {
  return `\`${text}\``;
}

function unitOf(name: string): string {
  return UNITS[name.slice(name.lastIndexOf("_") + 1)] ?? "";
}
