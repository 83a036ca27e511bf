import { posix } from "node:path";
import { COMMANDS, GATEWAY, TOKEN_SERVER, type Program } from "./programs.js";
import { record, type Recording, type Variable } from "./recording-reader.js";

/** The document that has the tables, from the repository's root. */
export const DOCUMENT = "docs/configuration.md";

/** Between these lines the tables are. */
export const BEGIN = "<!-- variables: written by npm run docs:variables -->";
export const END = "<!-- end of variables -->";

/** @returns the tables in Markdown, from what the code reads */
export function variableTables(): string {
  const ofTokenServer = record(TOKEN_SERVER.read).variables;
  const ofGateway = record(GATEWAY.read).variables;
  const shared = ofTokenServer.flatMap((one) => {
    const other = ofGateway.find(({ name }) => name === one.name);
    return other === undefined ? [] : [merge(one, other)];
  });
  const names = new Set(shared.map(({ name }) => name));
  const own = (all: readonly Variable[]) => all.filter(({ name }) => !names.has(name));
  const services = new Set([...ofTokenServer, ...ofGateway].map(keyOf));
  return [
    "## Both services",
    ...bySubject(shared),
    "## Token server",
    ...bySubject(own(ofTokenServer)),
    "## Gateway",
    ...bySubject(own(ofGateway)),
    "## Commands and set-up",
    ...ofCommands(services),
    "### Who reads what",
    table(["program", "variables"], COMMANDS.map(whatIsRead)),
    "",
  ].join("\n\n");
}

/**
 * @param text - the document
 * @param tables - what has to stand between the two lines
 * @returns the document with it
 * @throws Error when a line is not there
 */
export function withTables(text: string, tables: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no place for the tables`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${tables.trim()}\n\n${text.slice(end)}`;
}

/** The same in both services but for where each listens. */
function merge(ofTokenServer: Variable, ofGateway: Variable): Variable {
  for (const key of ["wanted", "meaning", "subject"] as const)
    if (ofTokenServer[key] !== ofGateway[key])
      throw new Error(`${ofGateway.name} has two descriptions: ${key}`);
  if (ofTokenServer.absent === ofGateway.absent) return ofGateway;
  const absent = `${ofGateway.absent} (gateway), ${ofTokenServer.absent} (token server)`;
  return { ...ofGateway, absent };
}

function bySubject(variables: readonly Variable[]): string[] {
  const subjects = [...new Set(variables.map(({ subject }) => subject))];
  return subjects.flatMap((subject) => [
    `### ${subject}`,
    variableTable(variables.filter((one) => one.subject === subject)),
  ]);
}

/** Only what the services do not read, or not for the same. */
function ofCommands(known: ReadonlySet<string>): string[] {
  return COMMANDS.flatMap((program) => {
    const more = record(program.read).variables.filter((one) => !known.has(keyOf(one)));
    known = new Set([...known, ...more.map(keyOf)]);
    return more.length === 0 ? [] : [`### ${program.name}`, variableTable(more)];
  });
}

function keyOf({ name, meaning }: Variable): string {
  return `${name}: ${meaning}`;
}

function variableTable(variables: readonly Variable[]): string {
  const rows = variables.map(({ name, isSecret, wanted, absent, meaning }) => [
    isSecret ? `\`${name}\` or \`${name}_FILE\`` : `\`${name}\``,
    wanted,
    absent,
    withLinks(meaning),
  ]);
  return table(["variable", "value", "default", "meaning"], rows);
}

function whatIsRead({ name, read }: Program): string[] {
  const recording = record(read);
  const isGateway = read === GATEWAY.read;
  return [name, isGateway ? "those of the gateway" : namesOf(recording)];
}

function namesOf({ variables }: Recording): string {
  const names = [...new Set(variables.map(({ name }) => `\`${name}\``))];
  return names.join(", ") || "none: it is told by options";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** `docs/keys.md#folders` is a link from where the tables stand, and called `keys.md`. */
function withLinks(text: string): string {
  return text.replace(/[\w./-]+\.md(?:#[\w-]+)?/g, (target) => {
    const label = target.replace(/^docs\//, "").replace(/#.*/, "");
    return `[${label}](${posix.relative(posix.dirname(DOCUMENT), target)})`;
  });
}
