import { activeKey, publishedKeys } from "./key-schedule.js";
import { addKey, readKeyFolder, removeKey } from "./key-folder.js";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

const USAGE = `Signing keys of a service (owner: token-server or gateway)

  npm run keys -- list    --dir KEYS_DIR --owner OWNER
  npm run keys -- rotate  --dir KEYS_DIR --owner OWNER [--in SECONDS]   add a key that signs from then on (600)
  npm run keys -- prune   --dir KEYS_DIR --owner OWNER [--retain SECONDS]   delete keys whose tokens are dead (86400)
  npm run keys -- bundle  --dir KEYS_DIR                 certificates for the registry's rootcertbundle (2.8 and 3.x)
  npm run keys -- jwks    --dir KEYS_DIR --owner OWNER   keys for the registry's jwks (3.x)`;

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      dir: { type: "string", default: "keys" },
      owner: { type: "string", default: "token-server" },
      in: { type: "string", default: "600" },
      retain: { type: "string", default: "86400" },
    },
  });
  const { dir, owner } = values;
  const now = Math.floor(Date.now() / 1000);
  switch (positionals[0]) {
    case "list":
      return list(dir, owner, now);
    case "rotate":
      console.log(`added ${await addKey(dir, owner, now + seconds(values.in, "--in"))}`);
      return;
    case "prune":
      return prune(dir, owner, now, seconds(values.retain, "--retain"));
    case "bundle":
      process.stdout.write(await readFile(join(dir, "ca.cert.pem"), "utf8"));
      return;
    case "jwks": {
      const keys = await readKeyFolder(dir, owner);
      console.log(JSON.stringify({ keys: keys.map(({ key }) => key.publicJwk) }, null, 2));
      return;
    }
    default:
      throw new UsageError("wanted one of: list, rotate, prune, bundle, jwks");
  }
}

async function list(dir: string, owner: string, now: number): Promise<void> {
  const keys = await readKeyFolder(dir, owner);
  const active = activeKey(keys, now);
  for (const entry of keys) {
    const state = entry === active ? "active" : entry.activeFrom > now ? "next" : "old";
    const from = entry.activeFrom === 0 ? "ever" : new Date(entry.activeFrom * 1000).toISOString();
    console.log(`${state.padEnd(6)} ${entry.key.keyId} ${entry.key.algorithm} signs from ${from}`);
  }
}

async function prune(dir: string, owner: string, now: number, retain: number): Promise<void> {
  const keys = await readKeyFolder(dir, owner);
  const needed = publishedKeys(keys, now, retain);
  for (const { name } of keys.filter((key) => !needed.includes(key))) {
    await removeKey(dir, owner, name);
    console.log(`deleted ${name}`);
  }
}

function seconds(text: string, option: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new UsageError(`${option}: given ${text}, wanted seconds`);
  return Number(text);
}

class UsageError extends Error {}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  console.error(usage ? `${error.message}\n\n${USAGE}` : error);
  process.exit(usage ? 2 : 1);
}
