import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deleteUntagged } from "#gateway/deletion/delete-untagged.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { operator } from "#audit-log/operator.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { deletionDeps, storedOf } from "../tags/support/deletion-deps.js";
import { image, index } from "../tags/support/manifests.js";
import { registryPrograms } from "../tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "../tags/support/wharf.js";

const DAY = 86_400_000;
const repository = parseRepositoryName(REPOSITORY);
const ADMINISTRATION = { type: "registry", name: "administration", actions: ["*"] } as const;

describe.each(registryPrograms())("what is in use, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [{ id: "all", effect: "mutable" }], undefined, {
      keepInUseDays: 7,
      inUseReporters: [{ uid: "cluster", realm: "/employees" }],
    });
  });
  afterAll(() => wharf.stop());

  const pulled = async (
    digest: string,
    { uid = "bob", kind = "oauth2", daysAgo = 1, tag = null as string | null } = {},
  ) => {
    const at = new Date(Date.now() - daysAgo * DAY);
    const who = { uid, realm: "/employees", kind, address: "192.0.2.7", userAgent: "docker" };
    const when = { count: 1, firstAt: at, lastAt: at, userAgents: ["docker"] };
    await wharf.db.transaction((tx) =>
      recordPulls(tx, [{ repository, tag, digest, ...who, ...when }]),
    );
  };
  const asked = async (subject: string, access: readonly object[], path: string, body: object) => {
    const token = await wharf.authority.sign({ subject, access: access as never });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const method = path === "/in-use" ? "PUT" : "POST";
    const options = { method, headers, body: JSON.stringify(body) };
    return ask(wharf.gateways[0].url, `/api/v1${path}`, options);
  };
  const report = (...images: { reference: string; node?: string }[]) =>
    asked("cluster", [{ type: "registry", name: "catalog", actions: ["*"] }], "/in-use", {
      name: "production",
      images,
    });
  const removeAs = async (actions: readonly ("push" | "delete")[], reference: string) => {
    const headers = { Authorization: await wharf.authority.bearer(actions) };
    const target = `/v2/${REPOSITORY}/manifests/${reference}`;
    return ask(wharf.gateways[0].url, target, { method: "DELETE", headers });
  };

  test("by somebody who pulled it not long ago stays, by digest, by tag and in an index", async () => {
    const child = image("pulled child");
    const whole = index("pulled", child);
    await wharf.push(child);
    await wharf.push(whole, "pulled");
    await pulled(whole.digest);
    for (const reference of ["pulled", whole.digest]) {
      const answer = await wharf.remove(reference);
      expect([reference, answer.status]).toEqual([reference, 409]);
      expect(errorOf(answer).message).toMatch(/^this image is in use: pulled last at 20[\d-]+T/);
    }
    await wharf.db.query(
      "update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = 'pulled'",
    );
    expect(errorOf(await wharf.remove(child.digest)).message).toContain("in use");
    expect(await wharf.atRegistry(child.digest)).toBe(200);
  });

  test("is told by whom to those alone who may push there", async () => {
    const one = image("told");
    await wharf.push(one, "told");
    await pulled(one.digest);
    const blind = await wharf.remove("told");
    expect(blind.body.toString()).not.toContain("bob");
    const seeing = await removeAs(["push", "delete"], "told");
    expect(errorOf(seeing).message).toMatch(/ by bob \(192\.0\.2\.7\)$/);
    expect(errorOf(seeing).detail).toMatchObject({ by: ["bob (192.0.2.7)"], more: false });
  });

  test.each([
    ["long ago", { daysAgo: 8 }],
    ["by nobody in particular", { kind: "anonymous", uid: "" }],
    ["by who deletes it", { uid: "alice" }],
  ])("is none that was pulled %s", async (what, how) => {
    const one = image(`none ${what}`);
    await wharf.push(one, "none");
    await pulled(one.digest, how);
    expect((await wharf.remove("none")).status).toBe(202);
    expect((await wharf.remove(one.digest)).status).toBe(202);
  });

  test("as a report says stays until the report ended as many days ago", async () => {
    const one = image("reported");
    await wharf.push(one, "reported");
    const taken = await report({ reference: `${REPOSITORY}:reported`, node: "n1" });
    expect([taken.status, taken.body.toString()]).toEqual([
      200,
      expect.stringContaining('"taken":1'),
    ]);
    const answer = await removeAs(["push", "delete"], one.digest);
    expect(errorOf(answer).message).toContain("reported last at");
    expect(errorOf(answer).message).toContain("by cluster (n1, production)");
    expect((await report()).status).toBe(200);
    expect((await wharf.remove("reported")).status).toBe(409);
    await wharf.db.query("update ledger.in_use set last_at = last_at - interval '8 days'");
    expect((await wharf.remove("reported")).status).toBe(202);
  });

  test("is kept from who deletes what has no tag, and said", async () => {
    const one = image("untagged");
    await wharf.push(one);
    await pulled(one.digest);
    for (const dryRun of [true, false]) {
      const deps = deletionDeps(wharf.db, () => storedOf(one));
      const told: object[] = [];
      await deleteUntagged(deps, [{ repository, digest: one.digest }], {
        ...{ actor: operator("olga", {}), dryRun, inUse: inUseGuard(7) },
        atRegistry: () => Promise.reject(new Error("it was asked")),
        tell: (_manifest, outcome) => told.push(outcome),
      });
      const why = expect.stringContaining("by bob") as unknown;
      expect(told).toEqual([{ outcome: "used", why }]);
    }
  });

  test("goes all the same for a while when an administrator says why, on record", async () => {
    const one = image("forced");
    await wharf.push(one, "forced");
    await pulled(one.digest);
    const waiver = { repository: REPOSITORY, digest: one.digest, reason: "a scanner's" };
    const none = await asked("alice", [], "/in-use/waivers", waiver);
    expect(none.status).toBe(401);
    expect((await wharf.remove("forced")).status).toBe(409);
    const waived = await asked("carol", [ADMINISTRATION], "/in-use/waivers", waiver);
    expect(waived.status).toBe(200);
    const other = { ...waiver, digest: image("never pushed").digest };
    expect((await asked("carol", [ADMINISTRATION], "/in-use/waivers", other)).status).toBe(404);
    expect((await wharf.remove("forced")).status).toBe(202);
    expect(await wharf.audited("in-use.waived")).toMatchObject([
      {
        actor: { uid: "carol" },
        repository: REPOSITORY,
        digest: one.digest,
        reason: "a scanner's",
      },
    ]);
  });

  test("is in use again when the waiver has ended", async () => {
    const one = image("waived before");
    await wharf.push(one, "waived");
    await pulled(one.digest);
    await wharf.db.query(
      `insert into ledger.in_use_waiver (repository, digest, waived_by, reason, ends_at)
       values ($1, $2, 'carol', 'because', clock_timestamp() - interval '1 second')`,
      [REPOSITORY, one.digest],
    );
    expect((await wharf.remove("waived")).status).toBe(409);
  });
});
