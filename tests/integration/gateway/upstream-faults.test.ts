import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import {
  FAULTS,
  startFaultyProxy,
  type FaultKind,
  type FaultyProxy,
  type PlannedFault,
} from "#tests/support/faulty-proxy.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { type AuditedEntry, type StartedLedger, startLedger } from "#tests/support/ledger.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";

const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "{}";
const PATIENCE = { manifestMilliseconds: 1_200, probeMilliseconds: 1_000 };
const DELAY_MILLISECONDS = 3_000;

type Outcome = readonly [client: 201 | 503, ledger: TagState["kind"]];

/** A step of the protocol that something goes wrong at, and what has to come of it, whatever goes wrong. */
interface Step {
  readonly name: string;
  faults(kind: FaultKind): readonly PlannedFault[];
  readonly outcome: Outcome;
  /** Whether the tag was pushed before with the same content. */
  readonly isRepeat?: boolean;
}

const lostAnswer: PlannedFault = { method: "PUT", moment: "after", kind: "reset" };
const noWord: PlannedFault = { method: "HEAD", moment: "before", kind: "reset" };
const neverArrives: PlannedFault = { method: "PUT", moment: "before", kind: "reset" };

const STEPS: readonly Step[] = [
  {
    name: "asking about a tag new to the ledger",
    faults: (kind) => [{ method: "HEAD", moment: "before", kind }],
    outcome: [503, "free"],
  },
  {
    name: "manifest on its way",
    faults: (kind) => [{ method: "PUT", moment: "before", kind }],
    outcome: [503, "free"],
  },
  {
    name: "stored, not yet answered",
    faults: (kind) => [{ method: "PUT", moment: "after", kind }],
    outcome: [201, "held"],
  },
  {
    name: "in the middle of the answer",
    faults: (kind) => [{ method: "PUT", moment: "middle", kind }],
    outcome: [201, "held"],
  },
  {
    name: "settling what was stored",
    faults: (kind) => [lostAnswer, { method: "HEAD", moment: "before", kind, skip: 1 }],
    outcome: [503, "reserved"],
  },
  {
    name: "settling what was not stored",
    faults: (kind) => [neverArrives, { method: "HEAD", moment: "before", kind, skip: 1 }],
    outcome: [503, "reserved"],
  },
  {
    name: "repeat: asking whether it is there",
    faults: (kind) => [{ method: "HEAD", moment: "before", kind }],
    outcome: [201, "held"],
    isRepeat: true,
  },
  {
    name: "repeat: manifest on its way",
    faults: (kind) => [noWord, { method: "PUT", moment: "before", kind }],
    outcome: [503, "held"],
    isRepeat: true,
  },
  {
    name: "repeat: stored, not yet answered",
    faults: (kind) => [noWord, { method: "PUT", moment: "after", kind }],
    outcome: [503, "held"],
    isRepeat: true,
  },
];

const CELLS = STEPS.flatMap((step) => FAULTS.map((kind) => ({ step, kind })));
const table = new Map<string, string[]>();

let ledger: StartedLedger;
let db: Database;
let authority: TokenAuthority;
let registry: TestRegistry;
let proxy: FaultyProxy;
/** Through the proxy, and one beside it to which nothing happens. */
let gateway: TestGateway;
let bystander: TestGateway;
let bearer: string;
let cell = 0;

beforeAll(async () => {
  ledger = await startLedger();
  ({ db } = ledger);
  authority = await startTokenAuthority();
  registry = await startTestRegistry();
  proxy = await startFaultyProxy(registry.url, DELAY_MILLISECONDS);
  const tokenServerUrl = authority.server.url;
  const common = { tokenServerUrl, hears: ledger.config };
  const impatient = { ...common, patience: PATIENCE };
  gateway = await startGateway({ ...impatient, registryUrl: proxy.url, db: ledger.open() });
  bystander = await startGateway({ ...common, registryUrl: registry.url, db: ledger.open() });
  bearer = await authority.bearer(["pull", "push"]);
  await uploadConfig();
});
beforeEach(async () => {
  proxy.plan([]);
  await ledger.clear();
});
afterAll(async () => {
  process.stdout.write(tableText());
  await gateway.stop();
  await bystander.stop();
  await proxy.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.stop();
});

describe("whatever goes wrong between gateway and registry", () => {
  test.each(CELLS.map(({ step, kind }) => [step.name, kind, step] as const))(
    "%s, %s: the answer is true, the same push succeeds, nothing else is ever served",
    async (name, kind, step) => {
      const tag = `cell-${(cell += 1)}`;
      const content = manifest(tag);
      const watch = watchTag(tag);
      if (step.isRepeat === true) expect((await push(bystander, tag, content)).status).toBe(201);
      proxy.plan(step.faults(kind));
      const answer = await push(gateway, tag, content);
      const [client, state] = step.outcome;
      const seen = [answer.status, (await stateOf(tag)).kind] as const;
      expect(seen).toEqual([client, state]);
      expect(proxy.pending()).toBe(0);
      if (client === 503) expectUnavailable(answer);
      if (client === 201) expect(answer.headers["docker-content-digest"]).toBe(digest(content));

      await proxy.settled();
      await expireReservations();
      const retried = await pushUntilDecided(tag, content);
      expect(retried.status).toBe(201);
      expect(await stateOf(tag)).toMatchObject({ kind: "held", digest: digest(content) });
      const other = await push(bystander, tag, manifest(`${tag} other`));
      expect(other.status).toBe(409);
      expect((await push(bystander, tag, content)).status).toBe(201);
      const served = await watch.end();
      for (const { status, digest: got } of served)
        expect(got).toBe(status === 200 ? digest(content) : undefined);
      // A stock registry on files answers 500 to readers while a manifest that it has is written again.
      const statuses = new Set(served.map(({ status }) => status));
      expect([200, 404, ...(step.isRepeat === true ? [500] : [])]).toEqual(
        expect.arrayContaining([...statuses]),
      );
      expect(served.at(-1)?.status).toBe(200);
      expectOneMove(
        (await ledger.audited()).filter((entry) => entry.tag === tag),
        content,
      );
      note(name, kind, `${seen[0]} ${seen[1]}, again ${retried.status}`);
    },
  );

  test.each(FAULTS)(
    "%s before the manifest arrives: the next one with other content gets the tag or is told what holds it",
    async (kind) => {
      const tag = `next-${kind}`;
      proxy.plan([{ method: "PUT", moment: "before", kind }]);
      expectUnavailable(await push(gateway, tag, manifest(tag)));
      await proxy.settled();
      const next = await push(bystander, tag, manifest(`${tag} next`));
      // The late manifest did arrive: it stands at the registry, so it counts.
      const wanted = kind === "delay" ? [409, manifest(tag)] : [201, manifest(`${tag} next`)];
      expect(next.status).toBe(wanted[0]);
      for (const each of [gateway, bystander])
        expect((await read(each, tag)).body.toString()).toBe(wanted[1]);
    },
  );

  test("nothing goes wrong for readers while the same push is made again and again", async () => {
    await push(gateway, "popular", manifest("popular"));
    const watches = Array.from({ length: 4 }, () => watchTag("popular"));
    for (let i = 0; i < 50; i += 1)
      expect((await push(gateway, "popular", manifest("popular"))).status).toBe(201);
    const served = (await Promise.all(watches.map((watch) => watch.end()))).flat();
    expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test("a manifest that arrives after somebody else got the tag changes nothing for anybody", async () => {
    const tag = "late";
    proxy.plan([{ method: "PUT", moment: "before", kind: "delay" }]);
    expectUnavailable(await push(gateway, tag, manifest("late")));
    const winner = manifest("winner");
    expect((await push(bystander, tag, winner)).status).toBe(201);
    await proxy.settled();
    const atRegistry = await ask(registry.url, path(tag), { headers: { Accept: MEDIA_TYPE } });
    expect(atRegistry.body.toString()).toBe(manifest("late"));
    for (const each of [gateway, bystander])
      expect((await read(each, tag)).body.toString()).toBe(winner);
    expect((await push(gateway, tag, manifest("late"))).status).toBe(409);
    expect((await push(gateway, tag, winner)).status).toBe(201);
  });
});

function manifest(name: string): string {
  const config = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    size: CONFIG.length,
    digest: digest(CONFIG),
  };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE,
    config,
    layers: [],
    annotations: { name },
  });
}

async function uploadConfig(): Promise<void> {
  if (!registry.isStock) return;
  const start = await ask(registry.url, "/v2/alpha/app/blobs/uploads/", { method: "POST" });
  const location = new URL(String(start.headers.location), registry.url);
  location.searchParams.set("digest", digest(CONFIG));
  const target = `${location.pathname}${location.search}`;
  const headers = { "Content-Type": "application/octet-stream" };
  const put = await ask(registry.url, target, { method: "PUT", body: CONFIG, headers });
  expect(put.status).toBe(201);
}

function push({ url }: TestGateway, tag: string, body: string): Promise<Answer> {
  const headers = { Authorization: bearer, "Content-Type": MEDIA_TYPE };
  return ask(url, path(tag), { method: "PUT", body, headers });
}

/** A gateway that is impatient with the registry says "not decided" also where the machine has much else to do. */
async function pushUntilDecided(tag: string, body: string): Promise<Answer> {
  let answer = await push(gateway, tag, body);
  await eventually("the same push is decided", async () => {
    if (answer.status === 503) answer = await push(gateway, tag, body);
    return answer.status !== 503;
  });
  return answer;
}

function read({ url }: TestGateway, tag: string): Promise<Answer> {
  return ask(url, path(tag), { headers: { Authorization: bearer, Accept: MEDIA_TYPE } });
}

function path(tag: string): string {
  return `/v2/alpha/app/manifests/${tag}`;
}

/** Reads the tag again and again through the other gateway. */
function watchTag(tag: string) {
  const seen: { status: number; digest: string | undefined }[] = [];
  const ending = new AbortController();
  const look = async () => {
    const { status, headers, body } = await read(bystander, tag);
    const header = headers["docker-content-digest"];
    if (status === 200) expect(digest(body.toString())).toBe(header);
    seen.push({ status, digest: header === undefined ? undefined : String(header) });
  };
  const looking = (async () => {
    while (!ending.signal.aborted) await look();
    await look();
  })();
  return {
    end: async () => {
      ending.abort();
      await looking;
      return seen;
    },
  };
}

function stateOf(tag: string): Promise<TagState> {
  return readTagState(db, { repository: parseRepositoryName("alpha/app"), tag: parseTag(tag) });
}

async function expireReservations(): Promise<void> {
  await db.query(
    "update ledger.tag set reserved_until = now() - interval '1 second' where reservation is not null",
  );
}

function digest(content: string): string {
  return digestOf(Buffer.from(content));
}

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
  expect(errorOf(answer).code).toBe("UNAVAILABLE");
}

/** A reader who came upon a late manifest first has made it the tag's; whoever pushes it after that is named beside. */
function expectOneMove(audited: readonly AuditedEntry[], content: string): void {
  const moves = audited.filter(({ action }) => action !== "tag.refused");
  const [first, second] = moves;
  expect(moves.every((entry) => entry.digest === digest(content))).toBe(true);
  expect(moves.length).toBe(first?.action === "tag.adopted" ? 2 : 1);
  if (second !== undefined)
    expect(second).toMatchObject({ action: "tag.pushed", detail: { change: "named" } });
}

function note(name: string, kind: FaultKind, outcome: string): void {
  const row = table.get(name) ?? [];
  row[FAULTS.indexOf(kind)] = outcome;
  table.set(name, row);
}

/** Answer to the client, what the ledger says then, answer to the same push made again. */
function tableText(): string {
  const line = (first: string, cells: readonly string[]) =>
    `| ${[first.padEnd(40), ...cells.map((text) => text.padEnd(24))].join(" | ")} |\n`;
  const rows = [...table].map(([name, cells]) => line(name, cells));
  return `\n${line("step \\ fault", FAULTS)}${rows.join("")}`;
}
