import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createClient, ServerRefusal, type Client } from "./api/client.js";
import { explain } from "./commands/explain.js";
import {
  checkRobots,
  createRobot,
  listRobots,
  rotateRobot,
  switchRobot,
} from "./commands/robots.js";
import { VARIABLES } from "./variables.js";
import { listTokens, revokeAllTokens, revokeToken } from "./commands/tokens.js";

const USAGE = `wharf - the command line of Wharfinger

  wharf robots list    TEAM
  wharf robots create  TEAM NAME --grant 'TEAM/APP:pull,push' [--grant …] [--days DAYS] [--description TEXT]
  wharf robots rotate  TEAM NAME [--days DAYS] [--overlap HOURS]
                       without days it ends when it would have; the old secret ends at once, or so many hours later
  wharf robots disable TEAM NAME
  wharf robots enable  TEAM NAME
  wharf robots check                              robots that could not be made today; for administrators
  wharf tokens list
  wharf tokens revoke  ID | --all
  wharf explain        ACTION REPOSITORY          may I do that, and why?

  --url URL            ${VARIABLES.WHARF_URL}; else WHARF_URL
  --token-file FILE    file with ${VARIABLES.WHARF_TOKEN}; else WHARF_TOKEN`;

/** The command line makes no sense. */
class UsageError extends Error {}

const { values, positionals } = readCommandLine();

function readCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        url: { type: "string" },
        "token-file": { type: "string" },
        grant: { type: "string", multiple: true, default: [] },
        days: { type: "string" },
        overlap: { type: "string" },
        description: { type: "string", default: "" },
        all: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : "bad command line", 2);
  }
}

function connect(): Client {
  const url = values.url ?? variable("WHARF_URL");
  const file = values["token-file"];
  const token = file === undefined ? variable("WHARF_TOKEN") : readFileSync(file, "utf8").trim();
  if (url === undefined) throw new UsageError("no gateway: give --url or set WHARF_URL");
  if (token === undefined || token === "")
    throw new UsageError("no login: give --token-file or set WHARF_TOKEN");
  return createClient(url.replace(/\/+$/, ""), token);
}

function variable(name: keyof typeof VARIABLES): string | undefined {
  return process.env[name];
}

function run([group, verb, ...rest]: readonly string[]): Promise<string> {
  const [first, second] = rest;
  switch (`${group ?? ""} ${verb ?? ""}`) {
    case "robots list":
      return listRobots(connect(), name(first, "TEAM"));
    case "robots create":
      return createRobot(connect(), name(first, "TEAM"), name(second, "NAME"), {
        grant: values.grant,
        days: days(),
        description: values.description,
      });
    case "robots rotate":
      return rotateRobot(connect(), name(first, "TEAM"), name(second, "NAME"), {
        days: days(),
        overlapHours: overlapHours(),
      });
    case "robots check":
      return checkRobots(connect());
    case "robots disable":
    case "robots enable":
      return switchRobot(
        connect(),
        name(first, "TEAM"),
        name(second, "NAME"),
        verb === "enable" ? "enable" : "disable",
      );
    case "tokens list":
      return listTokens(connect());
    case "tokens revoke":
      return values.all ? revokeAllTokens(connect()) : revokeToken(connect(), name(first, "ID"));
    default:
      if (group === "explain")
        return explain(connect(), name(verb, "ACTION"), name(first, "REPOSITORY"));
      throw new UsageError(group === undefined ? "no command" : "unknown command");
  }
}

function name(value: string | undefined, what: string): string {
  if (value === undefined || !/^[A-Za-z0-9._/-]+$/.test(value))
    throw new UsageError(`${what} is missing or not valid`);
  return value;
}

function overlapHours(): number {
  if (values.overlap === undefined) return 0;
  if (!/^\d{1,3}$/.test(values.overlap))
    throw new UsageError("--overlap: wanted a number of hours");
  return Number(values.overlap);
}

function days(): number | null {
  if (values.days === undefined) return null;
  if (!/^\d{1,4}$/.test(values.days)) throw new UsageError("--days: wanted a number of days");
  return Number(values.days);
}

function fail(message: string, exitCode: number): never {
  console.error(`wharf: ${message}`);
  process.exit(exitCode);
}

if (values.help) console.log(USAGE);
else
  try {
    console.log(await run(positionals));
  } catch (error) {
    if (error instanceof UsageError) fail(`${error.message}\n\n${USAGE}`, 2);
    if (error instanceof ServerRefusal) fail(error.message, 1);
    fail(error instanceof Error ? `cannot reach the gateway: ${error.message}` : "failed", 1);
  }
