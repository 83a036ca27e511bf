/* global AbortSignal, Buffer, fetch */
/**
 * Has a command of the product work on keys that are Secrets: takes each Secret's files out into a folder, runs the
 * command that is given as arguments, and puts back what changed. Reached by the cluster's API are five Secrets, by
 * name, and the registry's Deployment, which starts anew when it has to trust another authority.
 */
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

// The command is given the rest: the product refuses variables that it does not know.
const { NAMESPACE, CLUSTER_API, TOKEN_FILE, SECRETS, ...rest } = process.env;
const { ROOT } = rest;
const NAMES = JSON.parse(SECRETS);
const MILLISECONDS = 30_000;

/** In the order in which they are put back: who trusts a key has to know of it before it signs. */
const FOLDERS = {
  authority: "operator/authority",
  trust: "trust",
  tokenServer: "private/token-server",
  registry: "operator/secrets",
  gateway: "private/gateway",
};

async function ask(method, path, body, type = "application/json") {
  const token = readFileSync(TOKEN_FILE, "utf8").trim();
  const answer = await fetch(new URL(path, CLUSTER_API), {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(MILLISECONDS),
  });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  // What is told of a failure has no content of Secrets: the cluster's message, cut.
  const error = new Error(`${method} ${path}: ${answer.status} ${messageOf(text)}`);
  error.status = answer.status;
  throw error;
}

function messageOf(text) {
  try {
    return String(JSON.parse(text).message ?? "").slice(0, 300);
  } catch {
    return "";
  }
}

const pathOf = (part) => `/api/v1/namespaces/${NAMESPACE}/secrets/${NAMES[part]}`;

function takeOut(part, { data = {} }) {
  const folder = join(ROOT, FOLDERS[part]);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(data))
    writeFileSync(join(folder, name), Buffer.from(content, "base64"), { mode: 0o600 });
}

function filesOf(part) {
  const folder = join(ROOT, FOLDERS[part]);
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(
    names.sort().map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  );
}

/** The version that was read goes along: who changed it meanwhile is not overwritten, and all of this runs again. */
async function putBack(part, secret) {
  const data = filesOf(part);
  if (Object.keys(data).length === 0) throw new Error(`nothing is left for ${NAMES[part]}`);
  if (sameFiles(data, secret.data ?? {})) return;
  await ask("PUT", pathOf(part), { ...secret, data });
  console.log(`wrote ${Object.keys(data).length} files to the Secret ${NAMES[part]}`);
}

function sameFiles(one, other) {
  const listed = (data) =>
    JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
  return listed(one) === listed(other);
}

/** The registry reads whom it trusts when it starts and never again; the same annotation again restarts nobody. */
async function restartRegistry() {
  const bundle = readFileSync(join(ROOT, "trust", "gateway.pem"));
  const authorities = createHash("sha256").update(bundle).digest("hex");
  const annotations = { "wharfinger/authorities": authorities };
  const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/registry`;
  const patch = { spec: { template: { metadata: { annotations } } } };
  await ask("PATCH", path, patch, "application/strategic-merge-patch+json").catch((error) => {
    // At the first time there is none yet.
    if (error.status !== 404) throw error;
  });
}

const [program, ...args] = process.argv.slice(2);
const secrets = {};
for (const part of Object.keys(FOLDERS)) {
  secrets[part] = await ask("GET", pathOf(part));
  takeOut(part, secrets[part]);
}
const { status, error } = spawnSync(program, args, { env: rest, stdio: "inherit" });
if (error !== undefined) throw error;
if (status !== 0) process.exit(status ?? 1);
// The registry shows it to gateways.
const shown = join(ROOT, FOLDERS.registry, "notification");
mkdirSync(dirname(shown), { recursive: true });
copyFileSync(join(ROOT, FOLDERS.gateway, "notification"), shown);
for (const part of Object.keys(FOLDERS)) await putBack(part, secrets[part]);
await restartRegistry();
