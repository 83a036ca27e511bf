import { beforeEach, describe, expect, test } from "@jest/globals";
import { entryHash, genesisHash } from "#audit-log/chain.js";
import { tokenHash } from "#audit-log/checkpoint.js";
import { checkpointState } from "#audit-log/sql/checkpoints.js";
import { entriesAfter } from "#audit-log/sql/entries.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { makeDueCheckpoint } from "#audit-log/checkpointer.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { CHAIN, useAuditLog, testKeys, type TestAuditLog } from "./support/audited.js";

let log: TestAuditLog;

useAuditLog((made) => {
  log = made;
});
/** 25 entries in one chain, checkpoints after 10 and 20, and some entries elsewhere. */
beforeEach(async () => {
  await log.append(10);
  await log.append(3, "beta/app");
  await log.checkpoint();
  await log.append(10);
  await log.checkpoint();
  await log.append(5);
});

type Forgery = (tx: Queryable) => Promise<unknown>;

const FORGERIES: readonly [string, number, RegExp, Forgery][] = [
  [
    "an entry whose content was changed",
    7,
    /^changed: its hash is not that of its content$/,
    (tx) => tx.query(changeContent(7)),
  ],
  [
    "an entry whose content and hash were changed",
    8,
    /^does not continue entry 7/,
    async (tx) => {
      await tx.query(changeContent(7));
      await rehash(tx, 7, 7);
    },
  ],
  [
    "a tail that was written anew, with the chain's end",
    10,
    /^not the entry that checkpoint 1 has; rewritten since the beginning$/,
    async (tx) => {
      await tx.query(changeContent(7));
      await rehash(tx, 7, 25);
    },
  ],
  [
    "a tail that was written anew after the first checkpoint",
    20,
    /^not the entry that checkpoint 2 has; rewritten since checkpoint 1$/,
    async (tx) => {
      await tx.query(changeContent(15));
      await rehash(tx, 15, 25);
    },
  ],
  [
    "an entry that was removed in the middle",
    7,
    /^missing; the next one is 8$/,
    (tx) => tx.query(`delete from audit.entry where chain = ${CHAIN} and position = 7`),
  ],
  [
    "an entry that was removed at the end",
    25,
    /^missing, and all after it; the record of the chain's end has 25 entries$/,
    (tx) => tx.query(`delete from audit.entry where chain = ${CHAIN} and position = 25`),
  ],
  [
    "entries that were removed at the end, with the chain's end set back",
    19,
    /^missing, and all after it; checkpoint 2 has 20 entries$/,
    (tx) => cutAfter(tx, 18),
  ],
  [
    "all entries, removed with the chains' ends set back to the beginning",
    1,
    /^missing, and all after it; checkpoint 1 has 10 entries$/,
    (tx) => cutAfter(tx, 0),
  ],
  [
    "an entry that was added without the chain's end",
    26,
    /^past the end of the chain/,
    (tx) => insertAfter(tx, 25),
  ],
  [
    "an entry that was put between two others",
    8,
    /^does not continue entry 7/,
    async (tx) => {
      await tx.query(
        `update audit.entry set position = position + 1000 where chain = ${CHAIN} and position > 6`,
      );
      await tx.query(
        `update audit.entry set position = position - 999 where chain = ${CHAIN} and position > 1000`,
      );
      await insertAfter(tx, 6);
    },
  ],
  [
    "an entry whose date for look-ups was changed",
    7,
    /^column "at" .* is not what the content says$/,
    (tx) =>
      tx.query(
        `update audit.entry set at = at - interval '1 day' where chain = ${CHAIN} and position = 7`,
      ),
  ],
  [
    "an entry that was hidden from its repository's list",
    7,
    /^column "repository" is not what the content says$/,
    (tx) =>
      tx.query(`update audit.entry set repository = null where chain = ${CHAIN} and position = 7`),
  ],
  [
    "an entry that is no entry",
    25,
    /^not an entry/,
    async (tx) => {
      await tx.query(
        `update audit.entry set content = 'nonsense' where chain = ${CHAIN} and position = 25`,
      );
      await rehash(tx, 25, 25);
    },
  ],
  [
    "a chain whose recorded end is gone",
    25,
    /^the record of the chain's end is gone$/,
    (tx) => tx.query(`delete from audit.chain_head where chain = ${CHAIN}`),
  ],
];

describe("verifying", () => {
  test("a log that nobody touched finds it whole, and tells what it covers", async () => {
    const found = await log.verify();
    expect(found.findings).toEqual([]);
    expect(found).toMatchObject({ entries: 28, uncovered: 5, checkpoints: { count: 2 } });
    expect(found.checkpoints.signers).toEqual([expect.stringContaining("CN=gateway, key ")]);
    expect(found.from < found.to).toBe(true);
  });

  test.each(FORGERIES)("finds %s: entry %i", async (_what, position, problem, forgery) => {
    await log.forge(forgery);
    const { findings } = await log.verify();
    const [finding] = findings.filter(({ chain }) => chain === CHAIN);
    expect(finding).toMatchObject({ position, problem: expect.stringMatching(problem) });
  });

  test("names one entry in each chain that is broken", async () => {
    await log.forge((tx) =>
      tx.query("update audit.entry set content = content || ' ' where position in (2, 3)"),
    );
    const { findings } = await log.verify();
    expect(findings.map(({ position }) => position)).toEqual([2, 2]);
  });

  test.each([16, -1])("finds a chain that was added beside the others: %i", async (chain) => {
    await log.forge(async (tx) => {
      await tx.query("alter table audit.entry drop constraint entry_chain_check");
      await tx.query(`update audit.entry set chain = $1 where position = 25`, [chain]);
    });
    const { findings } = await log.verify();
    expect(findings).toContainEqual(
      expect.objectContaining({ chain, problem: "there is no such chain" }),
    );
  });
});

describe("verifying checkpoints", () => {
  const checkpointProblem = async () => {
    const { findings } = await log.verify();
    const { position, problem } = findings.find(({ chain }) => chain === null) ?? {};
    return `${position}: ${problem}`;
  };
  const setToken = (number: number, token: string) =>
    log.forge((tx) =>
      tx.query("update audit.checkpoint set token = $2 where number = $1", [number, token]),
    );

  test("finds one that is missing", async () => {
    await log.forge((tx) => tx.query("delete from audit.checkpoint where number = 1"));
    expect(await checkpointProblem()).toBe("1: missing; the next one is 2");
  });

  test("finds one whose statement was edited", async () => {
    const token = (await checkpointState(log.db)).last?.token ?? "";
    const [head = "", payload = "", signature = ""] = token.split(".");
    const edited = Buffer.from(
      Buffer.from(payload, "base64url").toString().replace('"position":20', '"position":19'),
    ).toString("base64url");
    expect(edited).not.toBe(payload);
    await setToken(2, [head, edited, signature].join("."));
    expect(await checkpointProblem()).toBe("2: invalid signature");
  });

  test("finds one that was signed with somebody else's key", async () => {
    const folder = await temporaryFolder();
    const foreign = await testKeys(folder.path);
    await log.forge((tx) => tx.query("delete from audit.checkpoint where number = 2"));
    await makeDueCheckpoint(log.checkpointDeps({ key: () => foreign.active() }));
    await folder.remove();
    expect(await checkpointProblem()).toBe("2: signed with a certificate that is not trusted");
  });

  test("finds another kind of token that the gateway signed", async () => {
    const token = signRegistryToken(log.keys.active(), {
      issuer: "wharfinger-gateway",
      audience: "wharfinger-upstream",
      subject: "",
      access: [],
      tokenId: "id",
      issuedAt: Math.floor(Date.now() / 1000),
      lifetimeSeconds: 300,
    });
    await setToken(2, token);
    expect(await checkpointProblem()).toMatch(/^2: signed as something else than/);
  });

  test("finds one whose date was changed", async () => {
    await log.forge((tx) =>
      tx.query("update audit.checkpoint set at = at - interval '1 hour' where number = 2"),
    );
    expect(await checkpointProblem()).toMatch(/^2: (?:not signed at the time|signed with a)/);
  });

  test("holds those that were kept elsewhere against the log, each by its number and its hash", async () => {
    const { token = "" } = (await checkpointState(log.db)).last ?? {};
    const kept = { number: 2, sha256: tokenHash(token) };
    const problems = async (...all: (typeof kept)[]) =>
      (await log.verify(all)).findings.map(({ position, problem }) => `${position}: ${problem}`);
    expect(await problems(kept)).toEqual([]);
    const other = { number: 2, sha256: "0".repeat(64) };
    const said = `2: not the one that was kept elsewhere: ${other.sha256}`;
    expect(await problems(other)).toEqual([said]);
    expect(await problems(kept, other)).toEqual([said]);
    expect(await problems({ ...kept, number: 3 })).toEqual([
      `3: not the one that was kept elsewhere: ${kept.sha256}`,
    ]);
  });

  test("cannot see that the last checkpoint and all since the one before were removed, unless its line in the gateway's log was kept", async () => {
    const { number = 0, token = "" } = (await checkpointState(log.db)).last ?? {};
    await log.forge(async (tx) => {
      await tx.query("delete from audit.checkpoint where number = 2");
      await cutAfter(tx, 10);
    });
    expect((await log.verify()).findings).toEqual([]);
    const { findings } = await log.verify([{ number, sha256: tokenHash(token) }]);
    expect(findings).toEqual([
      expect.objectContaining({
        chain: null,
        position: 2,
        problem: expect.stringContaining("kept"),
      }),
    ]);
  });
});

function changeContent(position: number): string {
  return `update audit.entry set content = replace(content, 'alice', 'mallory')
          where chain = ${CHAIN} and position = ${position}`;
}

/** Makes the hashes of entries right again, and the chain's end when that is among them. */
async function rehash(tx: Queryable, from: number, to: number): Promise<void> {
  const rows = await entriesAfter(tx, { chain: CHAIN, position: 0 }, 100);
  let previous = rows[from - 2]?.hash ?? genesisHash(CHAIN);
  for (const { position, content } of rows.slice(from - 1, to)) {
    const hash = entryHash(previous, content);
    await tx.query(
      `update audit.entry set previous_hash = $3, hash = $4 where chain = $1 and position = $2`,
      [CHAIN, position, previous, hash],
    );
    previous = hash;
  }
  if (to === rows.length) await setHead(tx, to, previous);
}

async function cutAfter(tx: Queryable, position: number): Promise<void> {
  await tx.query("delete from audit.entry where chain = $1 and position > $2", [CHAIN, position]);
  const last = (await entriesAfter(tx, { chain: CHAIN, position: position - 1 }, 1))[0];
  await setHead(tx, position, last?.hash ?? genesisHash(CHAIN));
}

async function setHead(tx: Queryable, position: number, hash: Buffer): Promise<void> {
  await tx.query("update audit.chain_head set position = $2, hash = $3 where chain = $1", [
    CHAIN,
    position,
    hash,
  ]);
}

/** Adds an entry that is right in itself. */
async function insertAfter(tx: Queryable, position: number): Promise<void> {
  const last = (await entriesAfter(tx, { chain: CHAIN, position: position - 1 }, 1))[0];
  if (last === undefined) throw new Error("there is no such entry");
  await tx.query(
    `insert into audit.entry
       (chain, position, at, action, repository, content, previous_hash, hash)
     select chain, $2, at, action, repository, content, $3, $4
     from audit.entry where chain = $1 and position = $5`,
    [CHAIN, position + 1, last.hash, entryHash(last.hash, last.content), position],
  );
}
