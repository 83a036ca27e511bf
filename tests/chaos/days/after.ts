import { rename } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { tokenFor } from "../client.js";
import { endLeases } from "../fleet.js";
import { isMutable } from "./books.js";
import type { Day } from "./day.js";
import { digestOf, knownImage, nameOf, type KnownImage } from "./images.js";
import { blobFile, storedTags } from "./stored.js";
import { REPOSITORIES, type Traffic } from "./traffic.js";
import { pull, push } from "./transfer.js";

const SETTLED_WITHIN_MILLISECONDS = 150_000;
const READ_WITHIN_MILLISECONDS = 60_000;
const LATEST = "latest";
const CONTESTED = 12;

/** What came of a day, in numbers and in words. */
export interface Verdict {
  /** Acknowledged, and not pulled as a whole although nobody said that it is lost. */
  readonly lost: string[];
  /** Acknowledged with one digest, and acknowledged or read with another. */
  readonly flipped: string[];
  /** Names that nobody holds, and that cannot be pushed; gateways or passes that do not come to an end. */
  readonly stuck: string[];
  /** What is there although nobody pushed it. */
  readonly foreign: string[];
  /** What `verify` says that is not so, or does not say although it is. */
  readonly untrue: string[];
}

/** @returns nothing wrong yet */
export function newVerdict(): Verdict {
  return { lost: [], flipped: [], stuck: [], foreign: [], untrue: [] };
}

/**
 * With everything up again: every push that was not answered is made again, and then all that has to hold is looked at.
 *
 * @param day - the stack, nobody pushing
 * @param traffic - who pushed
 * @returns what does not hold
 */
export async function lookAfter(day: Day, traffic: Traffic): Promise<Verdict> {
  const verdict = newVerdict();
  const { say } = day.options;
  const clock = stepClock(say);
  await day.untilReady();
  await endLeases(day.fleet);
  clock(`ready, ${day.books.open().length} pushes are made again`);
  verdict.stuck.push(...(await settle(day, day.books.open())));
  const before = await progress(day);
  verdict.stuck.push(...(await nextOnes(day, traffic)));
  await contest(day, CONTESTED);
  clock("pushed");
  verdict.stuck.push(...(await background(day, before)));
  clock("going on");
  await wholeness(day, verdict);
  clock("pulled");
  await strangers(day, verdict);
  await truth(day, verdict);
  clock("verified");
  verdict.flipped.push(...day.books.flipped);
  for (const [name, what] of traffic.misread)
    (what.startsWith("nothing") ? verdict.lost : verdict.flipped).push(`${name} was read: ${what}`);
  return verdict;
}

function stepClock(say: (line: string) => void) {
  let since = performance.now();
  return (what: string) => {
    say(`  ${what} after ${Math.round((performance.now() - since) / 100) / 10} s`);
    since = performance.now();
  };
}

/**
 * @param day - the stack, up
 * @param images - what is pushed again until it has come to an end
 * @returns what has not
 */
export async function settle(day: Day, images: readonly KnownImage[]): Promise<string[]> {
  const until = performance.now() + SETTLED_WITHIN_MILLISECONDS;
  // Of one name, one after the other and in the order in which they were tried.
  const names = new Map<string, KnownImage[]>();
  for (const image of images)
    names.set(nameOf(image), [...(names.get(nameOf(image)) ?? []), image]);
  const stuck: string[] = [];
  await atOnce([...names.values()], async (pushes) => {
    for (const image of pushes) stuck.push(...(await settleOne(day, image, until)));
  });
  return stuck;
}

async function settleOne(day: Day, image: KnownImage, until: number): Promise<string[]> {
  const name = nameOf(image);
  for (let attempt = 0; ; attempt += 1) {
    const gateway = day.fleet.gateways[attempt % day.fleet.gateways.length] ?? "";
    const pushed = await push(gateway, image);
    day.books.end(image, pushed);
    if (pushed.end === "acknowledged") return [];
    // Somebody else's push of that name, which was never answered either, may hold it.
    if (pushed.end === "refused")
      return (await isHeldByOurs(day, image))
        ? []
        : [`${name} is free and was refused: ${pushed.told}`];
    if (performance.now() > until) return [`${name} in the end: ${pushed.end}, ${pushed.told}`];
    await pause(500);
  }
}

/**
 * Pushes other bytes to names that were acknowledged and never change: whoever acknowledges that has broken the promise, and the
 * books say so.
 *
 * @param day - the stack, up
 * @param most - how many names, the newest first
 */
export async function contest(day: Day, most = Infinity): Promise<void> {
  const held = day.books.acknowledged().filter(({ tag }) => !isMutable(tag));
  await atOnce(held.slice(-most), async ({ repository, tag, digest }) => {
    const other = knownImage(repository, tag, `contests ${digest}`);
    const gateway = day.fleet.gateways[digest.charCodeAt(10) % 2] ?? "";
    day.books.begin(other);
    day.books.end(other, await push(gateway, other));
  });
}

async function isHeldByOurs({ fleet, books }: Day, image: KnownImage): Promise<boolean> {
  const { rows } = await fleet.db.query<{ digest: string }>(
    "select digest from ledger.tag where repository = $1 and name = $2 and digest is not null",
    [image.repository, image.tag],
  );
  return rows.some(({ digest }) => books.wasPushed(nameOf(image), digest));
}

/** New tags, of which virtual `latest` is the newest at once. */
async function nextOnes(day: Day, traffic: Traffic): Promise<string[]> {
  const stuck: string[] = [];
  for (const [i, repository] of REPOSITORIES.entries()) {
    const image = traffic.next(`own-${i}`, repository);
    day.books.begin(image);
    stuck.push(...(await settle(day, [image])));
    for (const url of day.fleet.gateways) {
      const read = await pullInTheEnd(url, repository, LATEST, image.digest);
      if (read !== image.digest) stuck.push(`${repository}:latest is ${read} at ${url}`);
    }
  }
  return stuck;
}

/** A reader may be behind by a second; and a part that has just come back may say once more that it does not know. */
async function pullInTheEnd(
  url: string,
  repository: string,
  reference: string,
  wanted: string,
): Promise<string> {
  const until = performance.now() + READ_WITHIN_MILLISECONDS;
  for (;;) {
    const token = await tokenFor(url, repository).catch(() => null);
    const read = token === null ? "unanswered" : await pull({ url, token }, repository, reference);
    const words =
      read === "unanswered"
        ? read
        : [read.digest ?? "nothing", ...read.missing.map((part) => `without ${part}`)].join(" ");
    if (words === wanted || performance.now() > until) return words;
    await pause(read === "unanswered" ? 100 : 1_000);
  }
}

/** What runs by itself, as far as it has come. */
async function progress({ fleet }: Day): Promise<Readonly<Record<string, string>>> {
  const { rows } = await fleet.db.query<Record<string, string>>(
    `select (select count(*) from audit.checkpoint)::text as checkpoints,
            (select coalesce(max(ended_at), 'epoch')::text from ledger.discovery) as passes`,
  );
  return rows[0] ?? {};
}

/** With pushes since then it has gone on: checkpoints, passes of discovery; and no tag stays reserved. */
async function background(day: Day, before: Readonly<Record<string, string>>): Promise<string[]> {
  const until = performance.now() + READ_WITHIN_MILLISECONDS;
  for (;;) {
    const now = await progress(day);
    const still = Object.keys(now).filter((key) => now[key] === before[key]);
    const { rows } = await day.fleet.db.query<{ open: string }>(
      "select repository || ':' || name || ' is reserved' as open from ledger.tag where reservation is not null",
    );
    const open = [...still.map((key) => `no more ${key}`), ...rows.map((row) => row.open)];
    if (open.length === 0 || performance.now() > until) return open;
    await pause(500);
  }
}

/** Every acknowledged tag is pulled through each gateway, and all its parts through one of them. */
async function wholeness(day: Day, verdict: Verdict): Promise<void> {
  const images = day.books.acknowledged();
  for (const [i, url] of day.fleet.gateways.entries()) {
    const repositories = [...new Set(images.map(({ repository }) => repository))];
    const token = await tokenFor(url, ...repositories);
    await atOnce([...images.entries()], async ([j, image]) => {
      const manifestAlone = (i + j) % day.fleet.gateways.length !== 0;
      const { repository, tag, digest } = image;
      const read = await pull({ url, token }, repository, tag, { manifestAlone });
      if (read !== "unanswered" && read.digest === digest && read.missing.length === 0) return;
      const words = await pullInTheEnd(url, repository, tag, digest);
      if (words === digest) return;
      const isOther = words.startsWith("sha256") && !words.startsWith(digest);
      (isOther ? verdict.flipped : verdict.lost).push(
        `${nameOf(image)} of ${digest} is ${words} at ${url}`,
      );
    });
  }
}

const AT_ONCE = 4;

async function atOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What stands in the ledger, at the registry and on record was pushed by somebody. */
async function strangers(day: Day, { foreign, lost }: Verdict): Promise<void> {
  const { rows: tags } = await day.fleet.db.query<{ name: string; digest: string }>(
    "select repository || ':' || name as name, digest from ledger.tag where digest is not null and deleted_at is null",
  );
  const { rows: entries } = await day.fleet.db.query<{ name: string; digest: string }>(
    `select repository || ':' || (content::jsonb ->> 'tag') as name, content::jsonb ->> 'digest' as digest
     from audit.entry where action in ('tag.pushed', 'tag.adopted', 'tag.repaired') and content::jsonb ->> 'tag' <> 'latest'`,
  );
  const stored = (await storedTags(day.path("registry"))).filter(
    ({ repository }) => !isMarkerRepository(repository),
  );
  const places = { "the ledger": tags, "the audit log": entries, "the registry": stored };
  for (const [place, all] of Object.entries(places))
    for (const { name, digest } of all)
      if (!day.books.wasPushed(name, digest)) foreign.push(`${name} is ${digest} in ${place}`);
  const known = new Map(tags.map(({ name, digest }) => [name, digest]));
  for (const image of day.books.acknowledged())
    if (known.get(nameOf(image)) !== image.digest)
      lost.push(`${nameOf(image)} is ${known.get(nameOf(image)) ?? "nothing"} in the ledger`);
}

/** `verify` finds all whole, names a part that is taken away, and is content when that is back. */
async function truth(day: Day, { untrue }: Verdict): Promise<void> {
  const whole = await day.run("verify", "--registry", "--blobs");
  if (!whole.ok) untrue.push(`all is whole, and verify says: ${whole.output}`);
  const victim = day.books
    .acknowledged()
    .find(({ blobs, tag }) => blobs.length > 0 && !isMutable(tag));
  if (victim === undefined) return;
  const file = blobFile(day.path("registry"), digestOf(victim.blobs[1] ?? ""));
  await rename(file, `${file}.away`);
  // One that remembers what it once had says so until it is started anew.
  if (day.stack.remembers === true) await day.fleet.killAndAwait("registry", 0);
  const { ok, output } = await day.run("verify", "--registry", "--blobs");
  await rename(`${file}.away`, file);
  if (ok || !output.includes(victim.digest))
    untrue.push(`a layer of ${nameOf(victim)} is gone, and verify says: ${output}`);
  untrue.push(...(await wrongByMetrics(day)));
}

const WRONG = /^discovery_(?:tags|manifests)_wrong\{.*\} [1-9].*$/gm;

/** What passes of discovery have found wrong, and not right again since. */
async function wrongByMetrics({ fleet }: Day): Promise<string[]> {
  const until = performance.now() + READ_WITHIN_MILLISECONDS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${fleet.env["METRICS_PORT"] ?? ""}/metrics`);
    const wrong = (await answer.text()).match(WRONG) ?? [];
    if (wrong.length === 0 || performance.now() > until)
      return wrong.map((line) => `all is whole, and discovery says: ${line}`);
    await pause(1_000);
  }
}
