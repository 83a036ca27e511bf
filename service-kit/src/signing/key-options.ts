import { parseArgs } from "node:util";
import { understood, UsageError } from "../command.js";
import { operatorFolders, type OperatorFolders } from "./operator-folders.js";
import type { Renewal } from "./renew.js";

export const USAGE = `Signing keys (docs/keys.md). OWNER: token-server or gateway

  npm run keys -- renew     --dir DIR [--days 14] [--ahead 2]   the gateway's keys, now and in time: run it by a timer
  npm run keys -- list      --dir DIR --owner OWNER
  npm run keys -- rotate    --dir DIR --owner OWNER [--in 600]   add a key that signs from then on, in seconds
  npm run keys -- withdraw  --dir DIR --owner OWNER   forget all keys there are, and what certified them
  npm run keys -- authority --dir DIR [--in 86400]   add the authority that certifies from then on, in seconds
  npm run keys -- prune     --dir DIR --owner OWNER [--retain 86400]   delete keys whose tokens are dead
  npm run keys -- bundle    --dir DIR   certificates for the registry's rootcertbundle (2.8 and 3.x)
  npm run keys -- jwks      --dir DIR --owner OWNER

  DIR has the services' keys in folders of their names, the authority in DIR/authority and the bundles in DIR/trust;
  --authority FOLDER and --trust FOLDER name other places.`;

const VERBS = [
  "renew",
  "list",
  "rotate",
  "withdraw",
  "authority",
  "prune",
  "bundle",
  "jwks",
] as const;
const OWNERS = ["token-server", "gateway"];

/** What is asked for. */
export interface KeysCommand {
  readonly verb: (typeof VERBS)[number];
  readonly folders: OperatorFolders;
  readonly owner: string;
  readonly renewal: Renewal;
  readonly inSeconds: number;
  readonly retainSeconds: number;
}

/**
 * @param argv - arguments
 * @returns the command
 * @throws UsageError that says what is wrong
 */
export function parseKeysCommand(argv: readonly string[]): KeysCommand {
  const { values, positionals } = parsed(argv);
  const verb = VERBS.find((one) => one === positionals[0]);
  if (verb === undefined || positionals.length !== 1)
    throw new UsageError(`wanted one of: ${VERBS.join(", ")}`);
  if (!OWNERS.includes(values.owner))
    throw new UsageError(`--owner: given ${values.owner}, wanted one of: ${OWNERS.join(", ")}`);
  const standard = operatorFolders(values.dir);
  const { authority = standard.authority, trust = standard.trust } = values;
  const days = wholeNumber(values.days, "--days", { min: 1, max: 90 });
  return {
    verb,
    folders: { ...standard, authority, trust },
    owner: values.owner,
    renewal: {
      lifetimeSeconds: days * 86_400,
      ahead: wholeNumber(values.ahead, "--ahead", { min: 0, max: 52 }),
    },
    inSeconds: wholeNumber(values.in ?? (verb === "authority" ? "86400" : "600"), "--in"),
    retainSeconds: wholeNumber(values.retain, "--retain"),
  };
}

function parsed(argv: readonly string[]) {
  return understood(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        dir: { type: "string", default: "keys" },
        authority: { type: "string" },
        trust: { type: "string" },
        owner: { type: "string", default: "token-server" },
        days: { type: "string", default: "14" },
        ahead: { type: "string", default: "2" },
        in: { type: "string" },
        retain: { type: "string", default: "86400" },
      },
    }),
  );
}

function wholeNumber(
  text: string,
  option: string,
  { min, max } = { min: 0, max: 99_999_999 },
): number {
  if (/^\d{1,8}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new UsageError(`${option}: given ${text}, wanted a number from ${min} to ${max}`);
}
