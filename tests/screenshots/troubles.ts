import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { runProgram } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { localCommand } from "#tests/support/local-command.js";
import { openLedgerOf } from "#tests/support/running-gateway.js";
import type { TestStack } from "#tests/support/stack.js";
import { listening, type TestServer } from "#tests/support/test-server.js";

/** What a sink says to an event, by its repository; absent: it takes it. */
const SINKS: Readonly<Record<string, { of: string; says: number; ordered?: boolean }>> = {
  scanner: { of: "alpha/mailer", says: 422 },
  deployer: { of: "beta/gateway", says: 503 },
  chat: { of: "alpha/catalog", says: 410 },
  mirror: { of: "alpha/search-index", says: 503, ordered: false },
};

/**
 * Sinks that do not take everything: one refuses a repository's events, two are out of order, one wants no more.
 *
 * @param folder - for their configuration
 * @returns the sinks, and what a gateway is told of them
 */
export async function openSinks(folder: string): Promise<TestServer & { env: NodeJS.ProcessEnv }> {
  const server = await listening(
    createServer((req, res) => {
      void text(req).then((body) => {
        const sink = SINKS[(req.url ?? "").slice(1)];
        res.writeHead(sink !== undefined && body.includes(sink.of) ? sink.says : 204).end();
      });
    }),
  );
  const [file, secret] = [join(folder, "sinks.yaml"), join(folder, "secret")];
  await writeFile(secret, "whsec_c2VjcmV0LW9mLXBpY3R1cmVzLTAxMjM0NTY3ODk=\n");
  const sinks = Object.entries(SINKS).map(([name, { ordered = true }]) => ({
    ...{ name, type: "webhook", url: `${server.url}/${name}`, secretFile: secret, ordered },
    namespaces: ["alpha", "beta"],
  }));
  await writeFile(file, JSON.stringify({ sinks }));
  return { ...server, env: { SINKS_FILE: file } };
}

/**
 * What an operator has to look at: collected garbage, events that were given up, and a registry that differs from the ledger.
 *
 * @param stack - after the seed, with {@link openSinks}
 */
export async function seedTroubles(stack: TestStack): Promise<void> {
  await command(stack, "deploy/local/commands/collect-garbage.js");
  await giveUpEvents(stack);
  await writePastTheGateway(join(stack.dataDir, "registry/blobs/docker/registry/v2"));
  await command(stack, "gateway/src/commands/discover/main.js", "--all");
}

async function command(stack: TestStack, ...words: string[]): Promise<void> {
  const { output } = await runProgram(localCommand(stack.dataDir, words));
  console.log(output.trim());
}

/** A refusal that lasts is believed after five minutes, which nobody waits for here. */
async function giveUpEvents(stack: TestStack): Promise<void> {
  const ledger = await openLedgerOf(stack);
  const isGivenUp = async () => {
    await ledger.query(
      `update ledger.outbox set due_at = now(), refused_since = now() - interval '6 minutes'
       where sink = 'scanner' and refusals > 0 and claim is null`,
    );
    const { rows } = await ledger.query(`select from ledger.delivery where state = 'dead' limit 1`);
    return rows.length > 0;
  };
  try {
    await eventually("an event is given up", isGivenUp);
  } finally {
    await ledger.close();
  }
}

async function writePastTheGateway(root: string): Promise<void> {
  const tag = (repository: string, name: string) =>
    join(root, "repositories/alpha", repository, "_manifests/tags", name);
  const link = (repository: string, name: string) => join(tag(repository, name), "current/link");
  await cp(link("payments", "1.2.0"), link("payments", "1.9.0"));
  await rm(tag("search-index", "1.1.0"), { recursive: true });
  await mkdir(dirname(link("mailer", "nightly")), { recursive: true });
  await cp(link("mailer", "2.0.0"), link("mailer", "nightly"));
  const index = await readFile(link("checkout-debug", "2.0.0"), "utf8");
  const { manifests = [] } = await manifest(root, index);
  const { layers = [] } = await manifest(root, manifests[0]?.digest ?? "");
  await rm(blob(root, layers.at(-1)?.digest ?? ""));
}

interface Parts {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly digest: string }[];
}

async function manifest(root: string, digest: string): Promise<Parts> {
  return JSON.parse(await readFile(blob(root, digest), "utf8")) as Parts;
}

function blob(root: string, digest: string): string {
  const [algorithm = "", hex = ""] = digest.trim().split(":");
  return join(root, "blobs", algorithm, hex.slice(0, 2), hex, "data");
}
