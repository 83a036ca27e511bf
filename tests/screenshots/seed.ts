import { TYPES } from "#tests/support/pushed-images.js";
import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { seedCheckout } from "./checkout.js";

const APPS = ["checkout", "catalog", "payments", "search-index", "mailer"] as const;
const TAGS = [
  "1.0.0",
  "1.1.0",
  "1.2.0",
  "1.9.0",
  "1.10.0",
  "2.0.0-rc.1",
  "2.0.0",
  "latest-build-snapshot",
];

/** Those that are more than a name. */
const BUILT = ["checkout:1.0.0", "checkout:2.0.0-rc.1", "checkout:2.0.0", "catalog:2.0.0"];

const DESCRIPTION = `The **checkout** of the shop.

- takes orders, and hands them to \`payments\`
- [runbook](https://wiki.example.org/checkout)

Ask *team alpha* before you change it.`;

const RUNNING = {
  name: "production",
  images: ["node-1", "node-2"].map((node) => ({
    ...{ reference: "alpha/checkout:2.0.0", node, service: "shop" },
  })),
};
const DIRECTORY = [
  { change: "user.set", login: "/employees/alice", primaryTeam: "alpha" },
  { change: "app.set", code: "shop", responsibles: ["alpha"], publications: ["alpha", "beta"] },
  { change: "privilege.given", privilege: "Pusher", holder: "alpha" },
  { change: "privilege.given", privilege: "Manager", holder: "/employees/alice" },
];

/** Of the local stack that is looked at. */
export const SEEDED_STACK = {
  ...{ ADMIN_TEAMS: "alpha", DISCOVERY_SECONDS: "0", IN_USE_REPORTERS: "alice@/employees" },
};

/**
 * Something to look at: repositories with tags, a description, pulls and refused pushes.
 *
 * @param url - a gateway of the local stack, started with {@link SEEDED_STACK}
 */
export async function seed(url: string): Promise<void> {
  const alice = registryClient(url, "alice-token");
  const robot = registryClient(url, "ci-token");
  await seedCheckout(url);
  await Promise.all([
    ...APPS.map((app) => pushTags(robot, app)),
    registryClient(url, "bob-token").push("beta/gateway", "1.0", "gateway"),
  ]);
  await alice.push("alpha/checkout", "2.0.0", "something else").catch(() => undefined);
  await robot.push("alpha/checkout", "1.10.0", "rebuilt").catch(() => undefined);
  for (const who of [alice, alice, alice, robot, robot])
    await who.manifest("alpha/checkout", "2.0.0", TYPES.index);
  const put = (path: string, body?: unknown) => ask(url, "PUT", path, body);
  await put("/repositories/alpha/checkout/-/description", { description: DESCRIPTION });
  await put("/repositories/alpha/checkout/-/star");
  await put("/in-use", RUNNING);
  await ask(url, "POST", "/directory/changes", { changes: DIRECTORY });
  await ask(url, "POST", "/directory/services", { name: "shop.example.org", app: "shop" });
  await ask(url, "PATCH", "/registries/wharfinger", { url });
  await ask(url, "POST", "/registries", {
    ...{ service: "lab.example.org", url: "https://127.0.0.1:9" },
    ...{ description: "For trials; what is there may go.", insecure: true, restricted: true },
  });
}

async function pushTags(robot: RegistryClient, app: string): Promise<void> {
  for (const tag of TAGS)
    if (!BUILT.includes(`${app}:${tag}`)) await robot.push(`alpha/${app}`, tag, `${app} ${tag}`);
}

async function ask(url: string, method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { Authorization: "Bearer alice-token", "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}
