import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { DIST } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { CHAIN, createAuditLog, type TestAuditLog } from "./support/audited.js";

let postgres: TestPostgres;
let log: TestAuditLog;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  log = await createAuditLog(postgres);
  await log.append(3);
  await log.checkpoint();
  await log.append(1, "beta/app");
});
afterEach(() => log.close());
afterAll(() => postgres.stop());

/** Runs the compiled program, and ends with its exit code. */
async function run(...args: string[]): Promise<{ lines: string[]; code: string }> {
  const { host, port, database, user, password } = log.ledger.config;
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
  test("says that the log is whole, and ends with 0", async () => {
    const { lines, code } = await run("verify");
    expect(lines.join("\n")).toMatch(
      /^4 entries, from \S+ to \S+\n1 checkpoint, the last at \S+\n {2}signed by CN=gateway, key \S+\n1 entry that no checkpoint covers yet\nthe audit log is whole\n4 tags of the ledger compared with the audit log\nthe ledger is as the audit log says\n/,
    );
    expect(code).toBe("exit 0");
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

  test("ends with 2 when it is not understood, or cannot check", async () => {
    expect((await run("prove")).code).toBe("exit 2");
    expect((await run("verify", "--registry")).code).toBe("exit 2");
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
});
