import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { verifyBytes } from "#audit-log/verify/verify-bytes.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { forgetPast, noteAllEarlier, type ForgetPastDeps } from "#gateway/past/forget-past.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { forgettingOf } from "#gateway/wiring/past.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { eventually } from "#tests/support/eventually.js";
import { errorOf } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { image, IMAGE_TYPE, index, INDEX_TYPE, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const repository = parseRepositoryName(REPOSITORY);
const KEEP_DAYS = 30;
const NEVER = new AbortController().signal;
const [program] = registryPrograms();

describe("manifests that no tag means any more", () => {
  let wharf: Wharf;
  let deps: ForgetPastDeps;
  beforeAll(async () => {
    wharf = await startWharf(program?.file ?? "", [{ id: "all", effect: "mutable" }]);
    const { url } = wharf.registry;
    const authorization = () => "";
    deps = forgettingOf(
      { keepInUseDays: 0, keepPastManifestsDays: KEEP_DAYS },
      {
        ...{ db: wharf.db, log: SILENT, audit: recordAudit, policy: compileTagPolicy([]) },
        registry: {
          ...{ url, authorization, bounds: BOUNDS },
          upstream: registryUpstream(url, authorization),
          listing: registryListing(url, authorization),
        },
      },
    );
  });
  beforeEach(() => wharf.db.query("delete from ledger.past_manifest"));
  afterAll(() => wharf.stop());

  /** All that is in the ledger has been there for so long. */
  const age = async (days = KEEP_DAYS + 1) => {
    const earlier = `interval '${days} days'`;
    await wharf.db.query(`update ledger.past_manifest set since = since - ${earlier}`);
    await wharf.db.query(`update ledger.manifest set stored_at = stored_at - ${earlier}`);
  };
  const forget = (more: Partial<ForgetPastDeps> = {}) => forgetPast({ ...deps, ...more }, NEVER);
  const read = ({ digest }: TestManifest, gateway: 0 | 1 = 0) =>
    wharf.authority.bearer(["pull"]).then(async (Authorization) => {
      const headers = { Authorization, Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}` };
      const answer = await fetch(
        `${wharf.gateways[gateway].url}/v2/${REPOSITORY}/manifests/${digest}`,
        { headers },
      );
      return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
    });
  const kept = async ({ digest }: TestManifest) => {
    const { rows } = await wharf.db.query<{ bytes: number; isForgotten: boolean }>(
      `select octet_length(content) as bytes, forgotten_at is not null as "isForgotten"
       from ledger.manifest where digest = $1`,
      [digest],
    );
    return rows[0];
  };
  const onRecord = async (action: string, { digest }: TestManifest) =>
    (await wharf.audited(action)).filter((entry) => entry.digest === digest);

  test("are forgotten after their time, each on record, and readers of every gateway are told so", async () => {
    const [first, second] = [image("first"), image("second")];
    await wharf.push(first, "main");
    for (const gateway of [0, 1] as const) expect((await read(first, gateway)).status).toBe(200);
    await wharf.push(second, "main");
    await age();
    await forget();
    const bytes = Buffer.byteLength(first.text);
    const reason = `no tag has meant it for ${KEEP_DAYS} days`;
    expect(await onRecord("manifest.deleted", first)).toMatchObject([
      { actor: { kind: "system" }, reason, detail: { registry: "deleted" } },
    ]);
    expect(await onRecord("manifest.forgotten", first)).toMatchObject([
      { actor: { kind: "system" }, tag: null, reason, detail: { bytes, keepDays: KEEP_DAYS } },
    ]);
    expect(await kept(first)).toEqual({ bytes: 0, isForgotten: true });
    for (const gateway of [0, 1] as const)
      await eventually("forgotten there", async () => (await read(first, gateway)).status === 404);
    const { body } = await read(first);
    expect(errorOf({ body })).toMatchObject({ code: "MANIFEST_UNKNOWN" });
    expect(body.toString()).toMatch(/forgotten on \d{4}-\d\d-\d\d: nothing needed it any more/);
    expect(await kept(second)).toMatchObject({ isForgotten: false });
    expect((await read(second)).status).toBe(200);
  });

  test("stay while their time is not over, and those that another tag means", async () => {
    const [young, meant, other] = [image("young"), image("meant"), image("other")];
    await wharf.push(meant, "stays");
    for (const manifest of [meant, other]) await wharf.push(manifest, "moves");
    await age();
    await wharf.push(young, "moved");
    await wharf.push(other, "moved");
    await forget();
    for (const manifest of [young, meant]) expect((await read(manifest)).status).toBe(200);
  });

  test("stay where something that stands needs them, or names them as its subject", async () => {
    const [child, signed, other] = [image("child"), image("signed"), image("instead")];
    const loose = image("child of what has no tag");
    for (const [tag, manifest] of [...[child, signed, loose].entries()])
      await wharf.push(manifest, `was-${tag}`);
    await wharf.push(index("whole", child), "whole");
    await wharf.push(index("without a tag", loose));
    await wharf.push(image("signature with a tag", { subject: signed }), "signature");
    for (const tag of ["was-0", "was-1", "was-2"]) await wharf.push(other, tag);
    await age();
    await forget();
    for (const manifest of [child, signed, loose]) expect((await read(manifest)).status).toBe(200);
  });

  test("stay while anybody pulls them, or pushes them by their digest", async () => {
    const [pulled, pushed, other] = [image("pulled"), image("pushed"), image("another")];
    await wharf.push(pulled, "pulled");
    await wharf.push(pushed, "pushed");
    for (const tag of ["pulled", "pushed"]) await wharf.push(other, tag);
    await age();
    const at = new Date(Date.now() - (KEEP_DAYS - 1) * 86_400_000);
    const who = { uid: "", realm: "", kind: "anonymous", address: "192.0.2.0/24", userAgent: "x" };
    const times = { count: 1, firstAt: at, lastAt: at, userAgents: ["x"] };
    await wharf.db.transaction((tx) =>
      recordPulls(tx, [{ repository, tag: null, digest: pulled.digest, ...who, ...times }]),
    );
    await wharf.push(pushed);
    await forget();
    for (const manifest of [pulled, pushed]) expect((await read(manifest)).status).toBe(200);
  });

  test("go with what was below them and beside them, and with nothing that is younger", async () => {
    const [child, shared] = [image("only child"), image("shared child")];
    const whole = index("past whole", child, shared);
    const signature = image("past signature", { subject: whole });
    for (const manifest of [child, shared]) await wharf.push(manifest);
    await wharf.push(whole, "set");
    await wharf.push(signature);
    await wharf.push(index("other whole", shared), "set");
    await age();
    await forget();
    for (const manifest of [child, whole, signature])
      expect(await kept(manifest)).toEqual({ bytes: 0, isForgotten: true });
    expect((await read(shared)).status).toBe(200);
  });

  test("stay while the registry is read-only", async () => {
    const past = image("past in read-only mode");
    await wharf.push(past, "held");
    await wharf.push(image("now"), "held");
    await age();
    await forget({ mayWrite: () => Promise.resolve(false) });
    expect((await read(past)).status).toBe(200);
  });

  test.each(["tag", "digest", "index"] as const)(
    "that somebody pushes by %s in the moment of their end: what is acknowledged is there",
    async (how) => {
      const past = image(`wanted by ${how}`);
      await wharf.push(past, `race-${how}`);
      await wharf.push(image(`instead of ${how}`), `race-${how}`);
      await age();
      const whole = how === "index" ? index("wants it", past) : past;
      const pushIt = () => wharf.push(whole, how === "digest" ? undefined : `again-${how}`);
      const racing: ReturnType<typeof pushIt>[] = [];
      await forget({
        atRegistry: async (manifest) => {
          racing.push(pushIt());
          const answer = await deps.atRegistry(manifest);
          racing.push(pushIt());
          return answer;
        },
      });
      const statuses = (await Promise.all(racing)).map(({ status }) => status);
      expect(statuses).toHaveLength(2);
      if (statuses.at(-1) === 201)
        for (const manifest of [past, whole]) expect((await read(manifest)).status).toBe(200);
      await wharf.push(past);
      expect((await pushIt()).status).toBe(201);
      expect((await read(past)).body.toString()).toBe(past.text);
      expect(await kept(past)).toEqual({ bytes: past.text.length, isForgotten: false });
    },
  );

  test("and were deleted on request lose their bytes as long after that", async () => {
    const deleted = image("deleted on request");
    await wharf.push(deleted, "gone");
    expect((await wharf.remove("gone")).status).toBe(202);
    expect((await wharf.remove(deleted.digest)).status).toBe(202);
    await forget();
    expect(await kept(deleted)).toMatchObject({ isForgotten: false });
    await wharf.db.query(
      `update ledger.manifest set deleted_at = deleted_at - interval '31 days' where digest = $1`,
      [deleted.digest],
    );
    await forget();
    expect(await kept(deleted)).toEqual({ bytes: 0, isForgotten: true });
    expect(await onRecord("manifest.forgotten", deleted)).toMatchObject([
      { reason: `it was deleted more than ${KEEP_DAYS} days ago` },
    ]);
  });

  test("and came before there were notes of it are found by the audit log", async () => {
    const [early, now] = [image("early"), image("late")];
    for (const manifest of [early, now]) await wharf.push(manifest, "noted");
    await wharf.db.query("delete from ledger.past_manifest");
    await noteAllEarlier(wharf.db, NEVER);
    const { rows } = await wharf.db.query<{ digest: string }>(
      "select digest from ledger.past_manifest where digest = any ($1)",
      [[early.digest, now.digest]],
    );
    expect(rows).toEqual([{ digest: early.digest }]);
  });

  test("are told by verify from what was lost, and from what somebody only says was forgotten", async () => {
    const verify = () => verifyBytes(wharf.db, () => undefined);
    for (const name of ["to be forgotten", "that takes its place"])
      await wharf.push(image(name), "forgotten");
    await age();
    await forget();
    const before = await verify();
    expect(before).toMatchObject({ wrong: 0 });
    expect(before.forgotten).toBeGreaterThan(0);
    const [lost, faked] = [image("to be lost"), image("to be faked")];
    for (const manifest of [lost, faked]) await wharf.push(manifest);
    await wharf.db.query("update ledger.manifest set content = 'x' where digest = $1", [
      lost.digest,
    ]);
    await wharf.db.query(
      `update ledger.manifest set content = '', deleted_at = now(), deleted_by = '', forgotten_at = now()
       where digest = $1`,
      [faked.digest],
    );
    const { wrong, forgotten, findings } = await verify();
    expect({ wrong, forgotten }).toEqual({ wrong: 2, forgotten: before.forgotten });
    expect(new Map(findings.map(({ digest, problem }) => [digest, problem]))).toEqual(
      new Map([
        [lost.digest, expect.stringContaining("lost or changed")],
        [faked.digest, expect.stringContaining("no entry says that they were forgotten")],
      ]),
    );
  });
});
