import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { writeCanary } from "#gateway/mode/canary-sql.js";
import { readMode } from "#gateway/mode/sql.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { errorOf } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

interface Page {
  readonly items: readonly { readonly entry: { readonly tag: string; readonly reason: string } }[];
  readonly next: string | null;
}

const BOB = { token: "bob-token" };

let stack: RestStack;
let rest: RestStack["rest"];

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
});
beforeEach(() => stack.ledger.clear());
afterAll(() => stack.stop());

describe("what administrators alone may ask for", () => {
  const theirs = OPERATIONS.filter(({ who, by }) => who === "administrator" && by === "gateway");

  test.each(theirs.map(({ id, method, path }) => [id, method, path] as const))(
    "is refused to others before anything else is said: %s",
    async (_id, method, path) => {
      const body = method === "GET" ? {} : { body: { wrong: true } };
      for (const [token, status] of [
        ["alice-token", 403],
        ["ci-all-token", 403],
        [null, 401],
      ] as const) {
        const target = path.replace("{repository}", "alpha/app");
        const answer = await rest(target, { token, method, ...body });
        expect([answer.status, answer.body.length > 0]).toEqual([status, true]);
        expect(errorOf(answer).message).toMatch(/administ|log in|authentication/);
      }
    },
  );
});

describe("what auditors ask", () => {
  test.each([
    ["/audit/who-pulled?image=alpha/app:none", "table,uid,"],
    ["/audit/who-could?action=push&repository=alpha/app", "table,effect,who,unless,where,rule"],
    ["/audit/changes", "table,at,action,subject,by,what"],
    ["/audit/report?quarter=2026Q1", "table,what,value"],
  ])("comes as a table, too: %s", async (path, head) => {
    const answer = await rest(`${path}${path.includes("?") ? "&" : "?"}format=csv`, BOB);
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(answer.headers["content-disposition"]).toContain("attachment");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.body.toString()).toContain(head);
  });

  test.each([
    ["/audit/who-pulled", "image"],
    ["/audit/who-pulled?image=ALPHA:1", "invalid repository name"],
    ["/audit/who-pulled?image=alpha/app", "invalid tag name"],
    ["/audit/who-could?action=steal&repository=alpha/app", "action"],
    ["/audit/who-could?action=push&repository=alpha/app&uid=bob&kind=spy", "kind"],
    ["/audit/changes?from=2026-11-20T10:00:00Z&to=2026-11-20T09:00:00Z", "before to"],
    ["/audit/report?quarter=2026Q5", "2026Q4"],
    ["/audit/report?quarter=2999Q1", "begun"],
  ])("is refused where it cannot be understood: %s", async (path, said) => {
    const answer = await rest(path, BOB);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain(said);
  });
});

describe("the audit log", () => {
  // What is on record stays so: each test has somebody of its own.
  let actor = "";
  let number = 0;
  beforeEach(() => {
    number += 1;
    actor = `carol${number}`;
  });

  const append = (tag: string, reason = "r") =>
    stack.ledger.db.transaction((tx) =>
      recordAudit(tx, {
        ...{ action: "tag.pushed", actor: { ...SYSTEM, uid: actor }, repository: "alpha/app" },
        ...{ tag, digest: null, reason, detail: {} },
      }),
    );

  test("is listed by page, the newest first, and nothing is left out or told twice", async () => {
    for (const tag of ["1", "2", "3", "4", "5"]) await append(tag);
    const tags: string[] = [];
    let path = `/audit?limit=2&actor=${actor}`;
    for (let pages = 0; pages < 3; pages += 1) {
      const answer = await rest(path, BOB);
      const { items, next } = jsonOf(answer) as Page;
      tags.push(...items.map(({ entry }) => entry.tag));
      expect(answer.headers["link"] === undefined).toBe(next === null);
      const [, target = ""] =
        /^<\/api\/v1([^>]+)>; rel="next"$/.exec(answer.headers["link"] as string) ?? [];
      path = target;
    }
    expect(tags).toEqual(["5", "4", "3", "2", "1"]);
  });

  test("takes a cursor for the list alone that it is of", async () => {
    for (const tag of ["1", "2"]) await append(tag);
    const { next } = jsonOf(await rest(`/audit?limit=1&actor=${actor}`, BOB)) as Page;
    const cursor = encodeURIComponent(next ?? "");
    expect((await rest(`/audit?limit=7&actor=${actor}&cursor=${cursor}`, BOB)).status).toBe(200);
    for (const wrong of [
      `actor=dora&cursor=${cursor}`,
      `actor=${actor}&cursor=x${cursor}`,
      "cursor=x",
    ])
      expect((await rest(`/audit?limit=1&${wrong}`, BOB)).status).toBe(400);
  });

  test.each([
    ["tag=2", ["2"]],
    ["action=tag.deleted", []],
    ["repository=alpha/other", []],
    ["until=2026-01-01T00:00:00Z", []],
    ["since=2026-01-01T00:00:00Z&repository=alpha/app", ["2", "1"]],
  ])("is narrowed down: %s", async (query, wanted) => {
    for (const tag of ["1", "2"]) await append(tag);
    const { items } = jsonOf(await rest(`/audit?${query}&actor=${actor}`, BOB)) as Page;
    expect(items.map(({ entry }) => entry.tag)).toEqual(wanted);
  });

  test("is exported whole, an entry in each line", async () => {
    for (const tag of ["1", "2", "3"]) await append(tag);
    const answer = await rest(`/audit/export?actor=${actor}`, BOB);
    expect(answer.headers["content-type"]).toBe("application/x-ndjson");
    const lines = answer.body.toString().trimEnd().split("\n");
    const entries = lines.map((line) => JSON.parse(line) as Page["items"][number]);
    expect(entries.map(({ entry }) => entry.tag)).toEqual(["1", "2", "3"]);
  });

  test("is exported as a table that runs nothing in a spreadsheet", async () => {
    await append("1", '=HYPERLINK("https://elsewhere.example","x"), and more');
    const answer = await rest(`/audit/export?format=csv&actor=${actor}`, BOB);
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8");
    const [head, row, end] = answer.body.toString().split("\r\n");
    expect(head).toMatch(/^at,action,uid,/);
    expect(row).toContain(`,"'=HYPERLINK(""https://elsewhere.example"",""x""), and more",`);
    expect(end).toBe("");
    expect(row).toMatch(/^[^,]+,tag\.pushed,carol\d+,,system,,alpha\/app,1,,/);
    expect((await rest("/audit/export?format=csv", { ...BOB, method: "HEAD" })).body.length).toBe(
      0,
    );
  });
});

describe("the mode of all gateways", () => {
  const change = (mode: string, reason = "the storage is moved") =>
    rest("/mode", { ...BOB, method: "PUT", body: { mode, reason } });

  test("is changed on record, in the name of who asks", async () => {
    const changed = await change("read-only");
    expect(changed.status).toBe(200);
    expect(jsonOf(changed)).toMatchObject({ mode: "read-only", changedBy: "bob" });
    expect(jsonOf(await change("normal", "moved"))).toMatchObject({ mode: "normal" });
    const audited = (await stack.ledger.audited()).filter(
      ({ action }) => action === "mode.changed",
    );
    expect(audited.map(({ actor, reason }) => [actor.uid, reason])).toEqual([
      ["bob", "the storage is moved"],
      ["bob", "moved"],
    ]);
  });

  test("does not become normal while what was collected may be remembered", async () => {
    await change("read-only");
    const repository = parseRepositoryName("alpha/app");
    await writeCanary(stack.ledger.db, { repository, digest: digestOf(Buffer.from("x")) });
    expect((await change("normal")).status).toBe(409);
    expect((await readMode(stack.ledger.db)).name).toBe("read-only");
  });

  test("does not become normal while garbage is being collected", async () => {
    await change("read-only");
    const { config, db } = stack.ledger;
    await runExclusively(config, "collection", SILENT, async () => {
      expect((await change("normal")).status).toBe(409);
      expect((await readMode(db)).name).toBe("read-only");
    });
    expect((await change("normal")).status).toBe(200);
  });

  test.each([
    { mode: "off", reason: "x" },
    { mode: "read-only" },
    { mode: "read-only", reason: "a\nb" },
  ])("takes no other change than is understood: %j", async (body) => {
    expect((await rest("/mode", { ...BOB, method: "PUT", body })).status).toBe(400);
  });
});
