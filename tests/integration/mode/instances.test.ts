import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { readDrainState, untilDrained, whatIsOpen } from "#gateway/mode/drain.js";
import { forgetEndedGateways } from "#gateway/mode/ended-gateways.js";
import { listGateways, noteGateway } from "#gateway/mode/sql.js";
import { processMark } from "#gateway/mode/this-process.js";
import { gatewayMetrics } from "#gateway/wiring/gateway-metrics.js";
import { openMode } from "#gateway/wiring/mode.js";
import { switchMode } from "#gateway/mode/switch-mode.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { SYSTEM } from "#audit-log/entry.js";
import { DEAF } from "#tests/support/gateway.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

const nameless = () =>
  openMode("cloned:8080", {
    store: { db: ledger.db, heard: DEAF },
    log: SILENT,
    metrics: gatewayMetrics(),
  });
const forgetEnded = async () => forgetEndedGateways(ledger.db, await listGateways(ledger.db));
const names = async () => (await listGateways(ledger.db)).map(({ name }) => name);
const note = (name: string, process: string | null) =>
  noteGateway(ledger.db, { name, process, follows: null, writes: 1 });
/** @returns the mark of a process that was killed */
async function killed(): Promise<string> {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
  await once(child, "spawn");
  const mark = processMark(child.pid ?? 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  return mark ?? "";
}

describe("two gateways of one host name and port", () => {
  test("are two to whoever waits for their writes, and one that ends leaves the other's", async () => {
    const [one, two] = [nameless(), nameless()];
    for (const { parts } of [one, two]) await parts[0]?.start();
    expect(await names()).toHaveLength(2);
    const end = two.writes.admit("manifest.put-by-tag", () => undefined);
    const change = { mode: "read-only", reason: "the storage moves", drainSeconds: 0 } as const;
    await switchMode({ db: ledger.db, audit: recordAudit }, { ...change, actor: SYSTEM });
    await one.parts[0]?.stop();
    const waited = untilDrained(ledger.db, {
      seconds: 0,
      signal: AbortSignal.abort(),
      progress: () => undefined,
    });
    expect(await waited).not.toEqual([]);
    expect(await names()).toHaveLength(1);
    end();
    await two.parts[0]?.stop();
    expect(await names()).toEqual([]);
    expect(whatIsOpen(await readDrainState(ledger.db))).toEqual([]);
  });
});

describe("a gateway that ended without a word", () => {
  test("is forgotten on its own machine, since its process is gone", async () => {
    await note("here:8080/1", await killed());
    await note("here:8080/2", processMark());
    expect(await forgetEnded()).toEqual(["here:8080/1"]);
    expect(await names()).toEqual(["here:8080/2"]);
  });

  test("is forgotten although its process id was given anew", async () => {
    const [own, other] = [processMark() ?? "", await killed()];
    const startOfOther = other.slice(other.lastIndexOf("/"));
    await note("here:8080/1", own.slice(0, own.lastIndexOf("/")) + startOfOther);
    expect(await forgetEnded()).toEqual(["here:8080/1"]);
  });

  test("is waited for where its process cannot be seen, until nobody has heard of it for a day", async () => {
    const elsewhere = (await killed()).replace(/^[^/]+/, "00000000-0000-4000-8000-000000000000");
    await note("there:8080/1", elsewhere);
    await note("older:8080", null);
    expect(await forgetEnded()).toEqual([]);
    await ledger.db.query("update ledger.gateway set seen_at = seen_at - interval '25 hours'");
    expect((await forgetEnded()).sort()).toEqual(["older:8080", "there:8080/1"]);
  });
});
