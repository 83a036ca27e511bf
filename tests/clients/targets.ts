import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import type { TemporaryFolder } from "#tests/support/temporary-folder.js";
import type { Target } from "./job.js";

/** Deletion as an operator turns it on: for the team, and for tags that may go. */
const POLICY = `
rules:
  - { id: pull, effect: allow, actions: [pull], repositories: ["**"], who: logged-in }
  - { id: team, effect: allow, actions: [pull, push, delete], repositories: ["\${team}/**"], who: logged-in }
`;
const TAG_POLICY = `
rules:
  - { id: temporary, effect: immutable, tags: ["tmp-*"], deletable: true }
`;

const LOGIN = { user: "oauth2", password: "alice-token" };

/**
 * @param folder - for its files
 * @param registry - program of the stock registry behind it
 * @returns a gateway, as a target
 */
export async function gatewayTarget(
  folder: TemporaryFolder,
  registry: string,
): Promise<{ stack: TestStack; target: Target }> {
  const [policy, tagPolicy] = [join(folder.path, "policy.yaml"), join(folder.path, "tags.yaml")];
  await writeFile(policy, POLICY);
  await writeFile(tagPolicy, TAG_POLICY);
  const stack = await startTestStack({
    env: {
      ...{ POLICY_FILE: policy, TAG_POLICY_FILE: tagPolicy, ALLOW_DELETE: "true" },
      REGISTRY_BIN: registry,
    },
  });
  return { stack, target: { ...LOGIN, url: stack.url, host: hostOf(stack.url), isGateway: true } };
}

/**
 * @param registry - program of a stock registry
 * @returns it alone, as a target
 */
export async function registryTarget(
  registry: string,
): Promise<{ bare: TestRegistry; target: Target }> {
  const bare = await startStock(registry, { storage: { delete: { enabled: true } } });
  return { bare, target: { ...LOGIN, url: bare.url, host: hostOf(bare.url), isGateway: false } };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
