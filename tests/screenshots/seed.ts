import { registryClient } from "#tests/support/registry-client.js";

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

const DESCRIPTION = `The **checkout** of the shop.

- takes orders, and hands them to \`payments\`
- [runbook](https://wiki.example.org/checkout)

Ask *team alpha* before you change it.`;

/**
 * Something to look at: repositories with tags, a description, pulls and refused pushes.
 *
 * @param url - a gateway of the local stack, with alice's team as administrators
 */
export async function seed(url: string): Promise<void> {
  const alice = registryClient(url, "alice-token");
  const robot = registryClient(url, "ci-token");
  for (const app of APPS)
    for (const tag of TAGS) await robot.push(`alpha/${app}`, tag, `${app} ${tag}`);
  await registryClient(url, "bob-token").push("beta/gateway", "1.0", "gateway");
  await alice.push("alpha/checkout", "2.0.0", "something else").catch(() => undefined);
  await robot.push("alpha/checkout", "1.10.0", "rebuilt").catch(() => undefined);
  for (let i = 0; i < 5; i += 1) await alice.manifest("alpha/checkout", "2.0.0");
  await put(url, "/repositories/alpha/checkout/-/description", { description: DESCRIPTION });
}

async function put(url: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: "PUT",
    headers: { Authorization: "Bearer alice-token", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}
