import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";
import { LocalStackError } from "#local/errors.js";
import { DIST } from "#local/repository-root.js";
import { whyNoNamespaces } from "#tests/drills/cluster/own-namespaces.js";
import { findClusterPrograms } from "#tests/drills/cluster/programs.js";

const whyNot = await findClusterPrograms(() => undefined).then(
  whyNoNamespaces,
  (error: unknown) => {
    if (error instanceof LocalStackError) return error.message;
    throw error;
  },
);
const testWithCluster = whyNot === null ? test : test.skip;

testWithCluster(
  "nothing acknowledged is lost when the leader of a cluster hands over, or its host is lost",
  async () => {
    const program = join(DIST, "tests", "drills", "cluster", "main.js");
    const rounds = ["--each", "0", "--switchover", "1", "--lost", "1"];
    // As patient as Patroni is by itself: other tests take the processors meanwhile.
    const clients = ["--pushers", "4", "--pullers", "4", "--ttl", "30"];
    const child = spawn(process.execPath, [program, ...rounds, ...clients], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join("\n");
    expect(output).toMatch(/^acknowledged [1-9]\d+, lost 0, flipped 0, stuck 0, /m);
    expect(output).toContain("| switchover | 1 |");
    expect(output).toContain("| leader's host lost | 1 |");
  },
  600_000,
);
