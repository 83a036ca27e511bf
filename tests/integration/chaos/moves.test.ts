import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { FRESH_MILLISECONDS } from "#gateway/ledger/remembered-tags.js";
import { meanings, type Meanings } from "#tests/chaos/meanings.js";
import { randomFrom, type Random } from "#tests/chaos/random.js";
import { IMAGE_TYPE, image, REPOSITORY } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";
import { pace } from "#tests/support/race.js";

/** `npm run chaos` has more of them. */
const READS = Number(process.env["CHAOS_READS"] ?? 600);
const [SLOTS, READERS, MOST_MILLISECONDS] = [4, 8, 500];
const RULES = [{ id: "moving", tags: ["*-moving"], effect: "mutable" }] as const;

describe.each(registryPrograms())("registry $version", ({ file, version, deletesTags }) => {
  let wharf: Wharf;
  let writer: TestGateway;
  let known: Meanings;
  let random: Random;
  /** Tags and digests that readers ask for. */
  let names: string[];
  const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);
  const count = { reads: 0, answered: 0, moves: 0, deletions: 0, locks: 0, cuts: 0 };
  const wrong: string[] = [];
  const isEnough = () => count.reads >= READS && count.moves >= 40 && count.cuts >= 8;

  beforeAll(async () => {
    wharf = await startWharf(file, RULES);
    writer = await startGateway({
      registryUrl: wharf.registry.url,
      tokenServerUrl: wharf.authority.server.url,
      hears: wharf.ledger.config,
      policy: compileTagPolicy(RULES),
      allowDelete: true,
    });
    known = meanings(FRESH_MILLISECONDS, () => performance.now());
    random = randomFrom(seed);
    names = [];
  });
  afterAll(async () => {
    await writer.stop();
    await wharf.stop();
  });

  test("what moves, goes or is locked on one gateway is never read as before on two others, who lose the ledger at random", async () => {
    const slots = Array.from({ length: SLOTS }, (_, slot) => write(slot));
    const readers = Array.from({ length: READERS }, (_, reader) => read(reader));
    const cutters = wharf.ways.map((_way, i) => cutAtRandom(i));
    await Promise.all([...slots, ...readers, ...cutters]);
    process.stdout.write(
      `| tags that move, registry ${version}, seed ${seed}: ${count.reads} reads, ${count.answered} answered with a ` +
        `manifest or its absence, ${count.moves} moves, ${count.deletions} deletions, ${count.locks} locks, ` +
        `${count.cuts} times a reader was without the ledger; ${wrong.length} wrong |\n`,
    );
    expect(wrong).toEqual([]);
    for (const name of names.slice(-20))
      for (const { url } of wharf.gateways)
        await eventually(`${name} is what it was acknowledged to be`, async () => {
          return (await ended(url, name))?.digest === known.lastOf(name);
        });
  });

  /** One tag after the other that moves, and is deleted or locked; what it meant before is deleted now and then. */
  async function write(slot: number): Promise<void> {
    let tag = "";
    for (let i = 0; !isEnough(); i += 1) {
      if (tag === "") tag = name(`${slot}-${i}-moving`);
      const before = known.lastOf(tag);
      const made = image(`${tag} ${i}`);
      const push = known.begin(tag, made.digest);
      const stands = known.begin(made.digest, made.digest);
      expect((await wharf.push(made, tag, writer)).status).toBe(201);
      push.acknowledged();
      stands.acknowledged();
      count.moves += 1;
      if (before !== null && random.below(3) === 0) await remove(name(before));
      const next = random.below(12);
      if (next === 0 && deletesTags) await remove(tag);
      if (next === 1) {
        await lock(tag);
        expect((await wharf.push(image(`${tag} late`), tag, writer)).status).toBe(409);
        tag = "";
      }
    }
  }

  async function remove(reference: string): Promise<void> {
    const removal = known.begin(reference, null);
    const { status } = await wharf.remove(reference, writer);
    expect(status).toBe(202);
    removal.acknowledged();
    count.deletions += 1;
  }

  async function lock(tag: string): Promise<void> {
    const headers = { Authorization: await wharf.authority.bearer(["pull", "push"]) };
    const path = `/api/v1/repositories/${REPOSITORY}/tags/${tag}/lock`;
    expect((await ask(writer.url, path, { method: "PUT", headers })).status).toBe(200);
    count.locks += 1;
  }

  /** Most ask for what was written lately. */
  function name(made: string): string {
    names.push(made);
    return made;
  }

  async function read(reader: number): Promise<void> {
    const { url } = wharf.gateways[reader % 2] ?? writer;
    while (!isEnough()) {
      const chosen = names.at(-1 - random.below(Math.min(names.length, 12)));
      if (chosen === undefined) {
        await pace(1);
        continue;
      }
      const end = await ended(url, chosen);
      count.reads += 1;
      if (end === null) continue;
      count.answered += 1;
      if (known.isRight(chosen, end)) continue;
      const last = known.lastOf(chosen) ?? "nothing";
      wrong.push(`${chosen} was ${end.digest ?? "nothing"} in place of ${last}`);
    }
  }

  /** @returns `null`: 503, which is never wrong */
  async function ended(url: string, chosen: string) {
    const headers = { Authorization: await wharf.authority.bearer(["pull"]), Accept: IMAGE_TYPE };
    const sentAt = performance.now();
    const answer = await ask(url, `/v2/${REPOSITORY}/manifests/${chosen}`, { headers });
    const answeredAt = performance.now();
    if (answer.status === 503) return null;
    expect([200, 404]).toContain(answer.status);
    const digest = answer.status === 404 ? null : String(answer.headers["docker-content-digest"]);
    return { digest, sentAt, answeredAt };
  }

  async function cutAtRandom(i: number): Promise<void> {
    const way = wharf.ways[i] ?? wharf.ways[0];
    while (!isEnough()) {
      await pace(random.below(MOST_MILLISECONDS));
      const isCut = random.below(4) > 0;
      if (isCut) await way.cut();
      else way.hold();
      count.cuts += 1;
      await pace(random.below(MOST_MILLISECONDS));
      if (isCut) await way.mend();
      else way.release();
    }
  }
});
