import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { giveUpCommonAuthority } from "./common-authority.js";
import { addKey, readKeyFolder, removeKey, type DatedKey } from "./key-folder.js";
import { UsageError, wantsHelp } from "../command.js";
import { parseKeysCommand, USAGE, type KeysCommand } from "./key-options.js";
import { activeKey, publishedKeys } from "./key-schedule.js";
import { CERTIFIED_OWNER } from "./operator-folders.js";
import { issueKey, renewAuthority, renewKeys, withdrawGatewayKeys, type Renewed } from "./renew.js";
import { GATEWAY_BUNDLE } from "./trust-folder.js";

const RESTART = `The registry reads the bundle when it starts: restart every registry`;

const AUTHORITY_WARN_SECONDS = 60 * 86_400;

async function main(command: KeysCommand, now: number): Promise<void> {
  const { folders, owner } = command;
  switch (command.verb) {
    case "list": {
      list(await readKeys(command), now);
      return;
    }
    case "renew":
      await takeOver(command);
      tell(await renewKeys(folders, command.renewal, now));
      return;
    case "rotate":
      return rotate(command, now);
    case "withdraw":
      return withdraw(command, now);
    case "authority":
      await renewAuthority(folders, now + command.inSeconds, now);
      console.log(
        `${RESTART} before ${time(now + command.inSeconds)}: from then on keys are certified by the new ` +
          "authority. The old one leaves the bundle by itself when its last key has ended.",
      );
      return;
    case "prune":
      return prune(command, now);
    case "bundle":
      process.stdout.write(await readFile(join(folders.trust, GATEWAY_BUNDLE), "utf8"));
      return;
    case "jwks": {
      const keys = await readKeys(command);
      console.log(JSON.stringify({ keys: keys.map(({ key }) => key.publicJwk) }, null, 2));
      return;
    }
    default:
      throw new UsageError(`unknown command for ${owner}`);
  }
}

function readKeys({ folders, owner }: KeysCommand): Promise<DatedKey[]> {
  const certified = owner === CERTIFIED_OWNER;
  return readKeyFolder({ directory: folders.keys, owner, certified });
}

async function takeOver({ folders }: KeysCommand): Promise<void> {
  if (await giveUpCommonAuthority(folders))
    console.log(`gave up the authority that had certified both services' keys. ${RESTART} now.`);
}

function tell({ made, removed, coveredUntil, authorityEndsAt }: Renewed): void {
  for (const name of removed) console.log(`removed ${name}`);
  for (const name of made) console.log(`added ${name}`);
  console.log(`the gateway has keys until ${time(coveredUntil)}: run this again before`);
  if (authorityEndsAt - coveredUntil < AUTHORITY_WARN_SECONDS)
    console.log(`THE AUTHORITY ENDS on ${time(authorityEndsAt)}: npm run keys -- authority`);
}

async function rotate({ folders, owner, renewal, inSeconds }: KeysCommand, now: number) {
  const from = now + inSeconds;
  const name =
    owner === CERTIFIED_OWNER
      ? await issueKey(folders, from, renewal.lifetimeSeconds, now)
      : await addKey(folders.keys, owner, from);
  console.log(`added ${name}`);
}

async function withdraw({ folders, owner, renewal }: KeysCommand, now: number): Promise<void> {
  if (owner === CERTIFIED_OWNER) {
    tell(await withdrawGatewayKeys(folders, renewal, now));
    console.log(
      `${RESTART} NOW. Until then it trusts the withdrawn keys and refuses the new ones (503). ` +
        "The token server follows its bundle by itself within seconds.",
    );
    return;
  }
  const keys = await readKeyFolder({ directory: folders.keys, owner, certified: false });
  console.log(`added ${await addKey(folders.keys, owner, now)}`);
  for (const { name } of keys) {
    await removeKey(folders.keys, owner, name);
    console.log(`removed ${name}`);
  }
  console.log(
    "Every token of the removed keys ends: gateways that reach the token server refuse it within 30 s, others " +
      "after TOKEN_KEYS_MAX_AGE_SECONDS at most.",
  );
}

function list(keys: readonly DatedKey[], now: number): void {
  const active = activeKey(keys, now);
  for (const entry of keys) {
    const state = entry === active ? "active" : entry.activeFrom > now ? "next" : "old";
    const from = entry.activeFrom === 0 ? "ever" : time(entry.activeFrom);
    const end = entry.endsAt === null ? "" : `, certified until ${time(entry.endsAt)}`;
    const { keyId, algorithm } = entry.key;
    console.log(`${state.padEnd(6)} ${keyId} ${algorithm} signs from ${from}${end}`);
  }
}

async function prune(command: KeysCommand, now: number): Promise<void> {
  const keys = await readKeys(command);
  const needed = publishedKeys(keys, now, command.retainSeconds);
  for (const { name } of keys.filter((key) => !needed.includes(key))) {
    await removeKey(command.folders.keys, command.owner, name);
    console.log(`deleted ${name}`);
  }
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

try {
  if (wantsHelp(process.argv.slice(2))) console.log(USAGE);
  else await main(parseKeysCommand(process.argv.slice(2)), Math.floor(Date.now() / 1000));
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(usage ? `${error.message}\n\n${USAGE}` : error);
  process.exit(usage ? 2 : 1);
}
