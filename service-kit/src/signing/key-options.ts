import { parseArgs } from "node:util";
import { understood, UsageError } from "../command.js";
import { numberOption } from "../number-option.js";
import { durationSeconds } from "../duration.js";
import { usageOf } from "../usage.js";
import { operatorFolders, type OperatorFolders } from "./operator-folders.js";
import type { Renewal } from "./renew.js";

export const USAGE = usageOf({
  about: "Signing keys (docs/keys.md)",
  call: "npm run keys --",
  program: "service-kit/src/signing/main.js",
  forms: `  renew     [--days NUMBER] [--ahead NUMBER]
            the gateway's keys, now and in time, each good for --days (14), --ahead (2) of them: run it by a timer
  list      --owner OWNER
  rotate    --owner OWNER [--in DURATION]
            adds a key that signs from then on (10m)
  withdraw  --owner OWNER
            forgets all keys there are, and what certified them
  authority [--in DURATION]
            adds the authority that certifies from then on (24h)
  prune     --owner OWNER [--retain DURATION]
            deletes keys whose tokens have been dead for so long (24h)
  bundle    certificates for the registry's rootcertbundle (2.8 and 3.x)
  jwks      --owner OWNER

  OWNER is token-server or gateway. --dir DIR (keys) has the services' keys in folders of their names, the authority in
  DIR/authority and the bundles in DIR/trust; --authority FOLDER and --trust FOLDER name other places.`,
  examples: [
    "renew --dir /etc/wharfinger/keys",
    "rotate --dir /etc/wharfinger/keys --owner token-server --in 15m",
    "list --dir /etc/wharfinger/keys --owner gateway",
  ],
  ends: "0 when it is done, 1 when it failed, 2 when the command line is wrong",
  environment: "none",
});

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
const MOST_SECONDS = 99_999_999;

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
  const days = numberOption("--days", values.days, { min: 1, max: 90 });
  return {
    verb,
    folders: { ...standard, authority, trust },
    owner: values.owner,
    renewal: {
      lifetimeSeconds: days * 86_400,
      ahead: numberOption("--ahead", values.ahead, { min: 0, max: 52 }),
    },
    inSeconds: durationSeconds(
      "--in",
      values.in ?? (verb === "authority" ? "24h" : "10m"),
      MOST_SECONDS,
    ),
    retainSeconds: durationSeconds("--retain", values.retain, MOST_SECONDS),
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
        retain: { type: "string", default: "24h" },
      },
    }),
  );
}
