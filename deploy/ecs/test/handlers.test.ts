import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, describe, test } from "node:test";
import { setUpRuns } from "../handlers/run-set-up.mjs";

const PROGRAM = readFileSync(
  fileURLToPath(new URL("../handlers/write-files.mjs", import.meta.url)),
  "utf8",
);
const folder = mkdtempSync(join(tmpdir(), "wharfinger-files-"));
after(() => {
  rmSync(folder, { recursive: true });
});

function write(env: Record<string, string>) {
  return spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM], {
    env,
    encoding: "utf8",
  });
}

describe("the container that writes files", () => {
  test("writes each variable's text where it belongs, again when it runs again", () => {
    const path = join(folder, "operator", "owner");
    for (const text of ["one", "two"]) {
      const { status, stdout } = write({
        FILES: JSON.stringify({ [path]: "FILE_0" }),
        FILE_0: text,
      });
      assert.equal(status, 0);
      assert.equal(readFileSync(path, "utf8"), text);
      assert.ok(!stdout.includes(text));
    }
    assert.equal(statSync(path).mode & 0o777, 0o444);
  });

  test("fails, and with it its task, when a variable is not there", () => {
    const { status, stderr } = write({ FILES: JSON.stringify({ [join(folder, "x")]: "FILE_0" }) });
    assert.equal(status, 1);
    assert.match(stderr, /FILE_0, for .*x, is absent/);
  });
});

const REQUEST = {
  RequestType: "Create",
  RequestId: "request-1",
  ResourceProperties: {
    Cluster: "cluster",
    TaskDefinition: "task:1",
    Subnets: ["subnet-1"],
    SecurityGroups: ["sg-1"],
  },
};
const BEGUN = { ...REQUEST, PhysicalResourceId: "set-up", Data: { TaskArn: "arn" } };

function endedWith(task: object) {
  const none = () => Promise.reject(new Error("not to be called"));
  return setUpRuns({ runTask: none, describeTasks: () => Promise.resolve({ tasks: [task] }) });
}

describe("the run of the set-up task", () => {
  test("begins once for a request, in the subnets and with the group that it is given", async () => {
    const asked: unknown[] = [];
    const { begin } = setUpRuns({
      runTask: (input: unknown) => {
        asked.push(input);
        return Promise.resolve({ tasks: [{ taskArn: "arn" }] });
      },
      describeTasks: () => Promise.reject(new Error("not to be called")),
    });
    assert.deepEqual(await begin(REQUEST), {
      PhysicalResourceId: "set-up",
      Data: { TaskArn: "arn" },
    });
    assert.deepEqual(asked, [
      {
        cluster: "cluster",
        taskDefinition: "task:1",
        launchType: "FARGATE",
        clientToken: "request-1",
        networkConfiguration: {
          awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"] },
        },
      },
    ]);
  });

  test("is not complete while it goes on, and is when each container ended with 0", async () => {
    const running = endedWith({ lastStatus: "RUNNING", containers: [] });
    assert.deepEqual(await running.isComplete(BEGUN), { IsComplete: false });
    const ended = endedWith({ lastStatus: "STOPPED", containers: [{ name: "keys", exitCode: 0 }] });
    assert.deepEqual(await ended.isComplete(BEGUN), { IsComplete: true });
  });

  test("fails the deployment, with the reason, when a container failed or never began", async () => {
    const failed = endedWith({
      lastStatus: "STOPPED",
      stoppedReason: "Essential container in task exited",
      containers: [
        { name: "files", exitCode: 0 },
        { name: "keys", exitCode: 1 },
        { name: "database", reason: "dependency" },
      ],
    });
    await assert.rejects(failed.isComplete(BEGUN), /keys: 1, database: dependency; Essential/);
  });

  test("leaves all as it is when the stack goes", async () => {
    const { begin, isComplete } = endedWith({});
    const request = { ...BEGUN, RequestType: "Delete" };
    assert.deepEqual(await begin(request), { PhysicalResourceId: "set-up" });
    assert.deepEqual(await isComplete(request), { IsComplete: true });
  });
});
