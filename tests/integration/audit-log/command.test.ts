import { readFile } from "node:fs/promises";
import { removeArchived } from "#audit-log/archive/remove-archived.js";
import { writeArchive } from "#audit-log/archive/write-archive.js";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { AUDIT_BUNDLE } from "#service-kit/signing/trust-folder.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { DIST } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { startMadeRegistry } from "#tests/support/made-registry.js";
import { RACED_TYPE, randomImage } from "#tests/support/racing-clients.js";
import { digestOf } from "#registry-protocol/digest.js";
import { CHAIN, useAuditLog, type TestAuditLog } from "./support/audited.js";
import { momentAfter } from "./support/on-record.js";

let log: TestAuditLog;

useAuditLog((made) => {
  log = made;
});
beforeEach(async () => {
  await log.append(3);
  await log.checkpoint();
  await log.append(1, "beta/app");
});

/** Runs the compiled program, and ends with its exit code. */
function run(...args: string[]): Promise<{ lines: string[]; code: string }> {
  return runAt(log.ledger.config.port, args);
}

async function runAt(
  port: number,
  args: readonly string[],
): Promise<{ lines: string[]; code: string }> {
  const { host, database, user, password } = log.ledger.config;
  const env = {
    PATH: process.env["PATH"],
    DB_SUBNAME: `//${host}:${port}/${database}`,
    DB_USER: user,
    DB_PASSWORD: password.reveal(),
    KEYS_DIR: log.keysFolder,
  };
  const program = join(DIST, "audit-log", "src", "commands", "main.js");
  const script = '"$0" "$@"; echo "exit $?"';
  const args0 = ["-c", script, process.execPath, program, ...args];
  const { output } = await runProgram({ file: "/bin/sh", args: args0, env });
  const lines = output.split("\n");
  return { lines, code: lines.find((line) => line.startsWith("exit ")) ?? "" };
}

describe("the auditor's program", () => {
  test("ends with 1 where a month cannot be archived, and with 2 where that cannot be told", async () => {
    const folder = await temporaryFolder();
    const archive = ["archive", "--month", "2020-01", "--to", folder.path];
    const early = await run(...archive);
    expect(early.code).toBe("exit 1");
    expect(early.lines).toContain("2020-01 is not on record: the first checkpoint is later");
    const away = await runAt(1, archive);
    expect(away.code).toBe("exit 2");
    expect(away.lines).toContain("the audit log could not be checked");
    await folder.remove();
  });

  test("says that the log is whole, and ends with 0", async () => {
    const { lines, code } = await run("verify");
    expect(lines.join("\n")).toMatch(
      /^4 entries, from \S+ to \S+\n1 checkpoint, the last at \S+\n {2}signed by CN=gateway, key \S+\n1 entry that no checkpoint covers yet\nthe audit log is whole\n4 tags of the ledger compared with the audit log\nthe ledger is as the audit log says\n0 days of pulls compared with the audit log\nwho pulled is as the audit log says\n0 manifests of the ledger held against their digests\nevery manifest is what its digest says\nexit 0$/,
    );
    expect(code).toBe("exit 0");
  });

  test("ends with 3 where entries have left, and with 0 when it is given their archives", async () => {
    const folder = await temporaryFolder();
    const to = await momentAfter(log.db);
    await log.append(2);
    await log.checkpoint();
    const trusted = join(operatorFolders(log.keysFolder).trust, AUDIT_BUNDLE);
    const anchors = parseCertificates(await readFile(trusted, "utf8"), trusted);
    const month = { name: "2026-10", from: new Date(0), to };
    await writeArchive(log.db, month, { folder: folder.path, anchors });
    const removal = { db: log.db, audit: recordAudit, folder: folder.path, anchors };
    await removeArchived({ ...removal, actor: { ...SYSTEM, uid: "olga", kind: "command" } }, month);
    const archives = ["--archives", folder.path];
    const without = await run("verify");
    expect(without.lines.join("\n")).toMatch(/^1 entry,.*NOT VERIFIED/s);
    expect(without.code).toBe("exit 3");
    const whole = await run("verify", ...archives);
    expect(whole.lines).toContain("the archives are as the audit log says");
    expect(whole.code).toBe("exit 0");
    expect((await run("list", "--action", "tag.pushed")).lines.join("\n")).toMatch(
      /entries before .* have left for archives/,
    );
    const listed = await run("list", "--action", "tag.pushed", ...archives);
    expect(listed.lines.filter((line) => line.includes("tag.pushed"))).toHaveLength(6);
    expect((await run("list", "--archives")).code).toBe("exit 2");
    await folder.remove();
  });

  test("shows the row that was changed by hand, and ends with 1", async () => {
    await log.forge((tx) =>
      tx.query(
        "update audit.entry set content = replace(content, 'alice', 'mallory') where chain = $1 and position = 2",
        [CHAIN],
      ),
    );
    const { lines, code } = await run("verify");
    expect(lines).toContain(
      `  chain ${CHAIN}, entry 2: changed: its hash is not that of its content`,
    );
    expect(lines.find((line) => line.includes("mallory"))).toContain('"tag":"1.2"');
    expect(lines).toContain("THE AUDIT LOG IS BROKEN");
    expect(code).toBe("exit 1");
  });

  test("shows the tag that was changed in the ledger by hand, and ends with 1", async () => {
    await log.db.query("update ledger.tag set pushed_by = 'mallory' where name = '1.2'");
    const { lines, code } = await run("verify");
    expect(lines).toContain("the audit log is whole");
    expect(lines).toContain(
      "  alpha/app:1.2: pushed by mallory in the ledger, by alice in the audit log",
    );
    expect(lines).toContain("1 TAG OF THE LEDGER IS NOT AS THE AUDIT LOG SAYS");
    expect(code).toBe("exit 1");
  });

  test("looks for all parts at the registry, and ends with 1 when some are missing", async () => {
    const registry = await startMadeRegistry();
    const { manifest, digest, blobs } = randomImage(1);
    const content = Buffer.from(manifest);
    await log.db.query("delete from ledger.tag");
    await log.db.query(
      `insert into ledger.manifest (repository, digest, media_type, content)
       values ('alpha/app', $1, $2, $3)`,
      [digest, RACED_TYPE, content],
    );
    registry.manifests.set(digest, { type: RACED_TYPE, content });
    for (const blob of blobs) registry.blobs.set(digestOf(blob), blob);
    const all = await run("verify", "--registry", registry.url, "--blobs");
    expect(all.lines).toContain("every manifest has all that it needs");
    const [layer = ""] = registry.blobs.keys();
    registry.blobs.delete(layer);
    const { lines, code } = await run("verify", "--registry", registry.url, "--parts");
    expect(lines).toContain(`  alpha/app@${digest} lacks ${layer} at the registry`);
    expect(lines).toContain("1 MANIFEST LACKS SOMETHING (missing-blob)");
    expect(code).toBe("exit 1");
    await registry.stop();
  });

  test("names the tags of the registry that the ledger has never heard of, as after a failover to a standby that lacked them, and ends with 1", async () => {
    const registry = await startMadeRegistry();
    const { manifest, digest } = randomImage(2);
    registry.manifests.set(digest, { type: RACED_TYPE, content: Buffer.from(manifest) });
    await log.db.query("delete from ledger.tag where repository = 'beta/app'");
    await log.db.query("update ledger.tag set digest = $1", [digest]);
    for (const name of ["1.1", "1.2", "1.3", "latest"]) registry.tags.set(name, digest);
    const known = await run("verify", "--registry", registry.url);
    expect(known.lines).toContain("4 tags of the registry looked for in the ledger");
    expect(known.lines).toContain("the ledger knows every tag of the registry");
    registry.tags.set("lost", digest);
    const { lines, code } = await run("verify", "--registry", registry.url);
    expect(lines).toContain(`  alpha/app:lost is ${digest} at the registry, not in the ledger`);
    expect(lines).toContain("THE LEDGER DOES NOT KNOW 1 TAG OF THE REGISTRY");
    expect(code).toBe("exit 1");
    await registry.stop();
  });

  test("ends with 2 when it is not understood, or cannot check", async () => {
    expect((await run("prove")).code).toBe("exit 2");
    expect((await run("verify", "--registry")).code).toBe("exit 2");
    expect((await run("verify", "--blobs")).code).toBe("exit 2");
    expect((await run("verify", "--parts")).code).toBe("exit 2");
    await log.db.query("drop schema audit cascade");
    expect((await run("verify")).code).toBe("exit 2");
  });

  test("prints entries of a repository, as text and as JSON lines", async () => {
    const text = await run("list", "--repository", "alpha/app");
    expect(text.lines).toHaveLength(4);
    expect(text.lines[0]).toMatch(
      /^\S+Z tag\.pushed alpha\/app:1\.1 sha256:0+ by alice \(\/employees, oauth2\) - tag-free$/,
    );
    const { lines } = await run("list", "--repository", "beta/app", "--json");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      position: 1,
      entry: { action: "tag.pushed", repository: "beta/app", tag: "1.4" },
    });
  });

  test("prints entries by who did it, by tag and by digest, and the newest of them alone", async () => {
    const tags = async (...args: string[]) => {
      const { lines, code } = await run("list", "--json", ...args);
      expect(code).toBe("exit 0");
      return lines
        .filter((line) => line.startsWith("{"))
        .map((line) => (JSON.parse(line) as { entry: { tag: string } }).entry.tag);
    };
    expect(await tags("--actor", "alice")).toEqual(["1.1", "1.2", "1.3", "1.4"]);
    expect(await tags("--tag", "1.2")).toEqual(["1.2"]);
    expect(await tags("--digest", `sha256:${"0".repeat(64)}`)).toHaveLength(4);
    expect(await tags("--limit", "2")).toEqual(["1.3", "1.4"]);
    expect(await tags("--actor", "alice", "--repository", "alpha/app", "--limit", "1")).toEqual([
      "1.3",
    ]);
  });

  test.each([
    [["--repository", "alpha/ap"], "--repository: no entry has alpha/ap"],
    [["--actor", "oauth2"], "--actor: no entry has oauth2"],
    [["--tag", "1.22"], "--tag: no entry has 1.22"],
    [["--digest", `sha256:${"1".repeat(64)}`], `--digest: no entry has sha256:${"1".repeat(64)}`],
  ])("says of %j that no entry has it, and ends with 1", async (args, message) => {
    const { lines, code } = await run("list", ...args);
    expect(lines).toEqual(expect.arrayContaining([message, "no entry is as asked for"]));
    expect(code).toBe("exit 1");
  });

  test("says that nothing was found where nothing happened, and ends with 0", async () => {
    const { lines, code } = await run("list", "--actor", "alice", "--until", "1d");
    expect(lines).toContain("no entry is as asked for");
    expect(code).toBe("exit 0");
  });

  test("refuses an action that there is not, and a time that ends before it begins", async () => {
    expect((await run("list", "--action", "tag.pusht")).code).toBe("exit 2");
    expect((await run("list", "--since", "1h", "--until", "2h")).code).toBe("exit 2");
  });
});
