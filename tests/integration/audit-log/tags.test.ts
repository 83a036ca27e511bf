import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { registryAsker } from "#audit-log/verify/ask-registry.js";
import { registryTags } from "#audit-log/verify/registry-tags.js";
import { reportTags } from "#audit-log/verify/report.js";
import { verifyTags, type VerifiedTags } from "#audit-log/verify/verify-tags.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger, startLedger } from "#tests/support/ledger.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
/** It means {@link DIGEST}, and cannot be read. */
const UNREADABLE = "unreadable";
const OTHER = `sha256:${"b".repeat(64)}`;

let ledger: StartedLedger;
let db: Database;
let server: Server;
let url: string;
/** What the registry says of a tag: a digest, or a status. */
let answers: Map<string, string | number>;
let asked: string[];

beforeAll(async () => {
  ledger = await startLedger();
  ({ db } = ledger);
  server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.authorization}`);
    const answer = answers.get(req.url ?? "") ?? DIGEST;
    const means = answer === UNREADABLE ? DIGEST : answer;
    if (req.headers["if-none-match"] === `"${means}"`) res.writeHead(304).end();
    else if (answer === UNREADABLE) res.writeHead(500).end();
    if (res.writableEnded) return;
    if (answer === 307) res.setHeader("Location", "/where/all/is/as/recorded");
    if (typeof answer === "number") res.statusCode = answer;
    else res.setHeader("Docker-Content-Digest", answer);
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  await ledger.clear();
  answers = new Map();
  asked = [];
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await ledger.stop();
});

const verify = (): Promise<VerifiedTags> =>
  verifyTags({
    db,
    registry: registryTags(registryAsker(url, (repository) => `Bearer ${repository}`)),
    progress: () => undefined,
  });
const hold = (repository: string, name: string) =>
  db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, $3, 'alice', now())`,
    [repository, name, DIGEST],
  );

describe("comparing tags with the registry", () => {
  test("asks for each with a token for its repository, and finds all as recorded", async () => {
    await hold("alpha/app", "1.0");
    await hold("beta/app", "2.0");
    expect(await verify()).toEqual({ checked: 2, wrong: 0, findings: [] });
    expect(asked.sort()).toEqual([
      "HEAD /v2/alpha/app/manifests/1.0 Bearer alpha/app",
      "HEAD /v2/beta/app/manifests/2.0 Bearer beta/app",
    ]);
  });

  test("a tag that the registry cannot read is as recorded when it means that", async () => {
    await hold("alpha/app", "schema-1");
    answers.set("/v2/alpha/app/manifests/schema-1", UNREADABLE);
    expect(await verify()).toMatchObject({ checked: 1, wrong: 0 });
  });

  test("names tags that are missing, other than recorded, or cannot be checked", async () => {
    for (const tag of ["missing", "moved", "right", "unclear"]) await hold("alpha/app", tag);
    answers.set("/v2/alpha/app/manifests/missing", 404);
    answers.set("/v2/alpha/app/manifests/moved", OTHER);
    answers.set("/v2/alpha/app/manifests/unclear", 500);
    const found = await verify();
    expect(found).toMatchObject({ checked: 4, wrong: 3 });
    expect(found.findings.map(({ tag, problem }) => [tag, problem])).toEqual([
      ["missing", "missing at the registry"],
      ["moved", `${OTHER} at the registry`],
      ["unclear", "cannot be checked: the registry answered 500"],
    ]);
    expect(reportTags(found).at(-1)).toBe("3 TAGS ARE NOT AS RECORDED");
  });

  test("takes nobody's answer but that of the registry which it was told of: it follows no redirect", async () => {
    await hold("alpha/app", "elsewhere");
    answers.set("/v2/alpha/app/manifests/elsewhere", 307);
    const { findings } = await verify();
    expect(findings.map(({ tag, problem }) => [tag, problem])).toEqual([
      ["elsewhere", "cannot be checked: the registry answered 307"],
    ]);
    expect([...new Set(asked)]).toEqual([
      "HEAD /v2/alpha/app/manifests/elsewhere Bearer alpha/app",
    ]);
  });

  test("leaves out tags that are deleted or being pushed", async () => {
    await hold("alpha/app", "deleted");
    await hold("alpha/app", "pushed");
    await db.query(
      "update ledger.tag set deleted_at = now(), deleted_by = 'bob' where name = 'deleted'",
    );
    await db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = $1,
         reserved_by = 'bob', reserved_until = now() where name = 'pushed'`,
      [OTHER],
    );
    expect(await verify()).toMatchObject({ checked: 0, wrong: 0 });
  });

  test("goes through more tags than fit into a batch", async () => {
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select 'alpha/app-' || (i % 7), 'v' || i, $1, 'alice', now() from generate_series(1, 1200) i`,
      [DIGEST],
    );
    expect(await verify()).toMatchObject({ checked: 1200, wrong: 0 });
    expect(new Set(asked).size).toBe(1200);
  });
});
