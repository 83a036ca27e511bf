import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { localCommand } from "#tests/support/local-command.js";
import { environmentOf } from "#tests/support/service-beside.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const prometheus = await findDebianPackage("prometheus");

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

test("garbage is collected where nothing was ever pushed", async () => {
  const words = ["deploy/local/commands/collect-garbage.js", "--dry-run"];
  const { ok, output } = await runProgram(localCommand(stack.dataDir, words));
  expect(output).toMatch(/^0 blobs, 0 bytes would be freed/m);
  expect(ok).toBe(true);
});

const whenThere = typeof prometheus === "string" ? test.skip : test;

whenThere.each(["gateway", "token-server"] as const)(
  "promtool finds nothing wrong with the metrics of the %s",
  async (part) => {
    const { METRICS_PORT = "" } = await environmentOf(stack, part);
    const metrics = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
    if (typeof prometheus === "string") throw new Error(prometheus);
    const promtool = join(prometheus.root, "usr", "bin", "promtool");
    const found = spawnSync(promtool, ["check", "metrics"], {
      input: metrics,
      encoding: "utf8",
      env: prometheus.env,
    });
    const ours = found.stderr.split("\n").filter((line) => !/^(?:nodejs|process)_/.test(line));
    expect(ours.filter((line) => line !== "")).toEqual([]);
    expect(metrics).toContain("http_requests_total");
  },
);
