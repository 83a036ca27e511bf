import { join } from "node:path";
import { parseArgs } from "node:util";
import { runProgram } from "#local/processes/run-program.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { Traffic } from "./traffic.js";
import { compileVersion, environmentOf, migrateTo, startGatewayOf, type Version } from "./versions.js"; // prettier-ignore

/**
 * Two versions beside each other on one database and one registry, under traffic all the time: the later one migrates while the
 * earlier one works, comes beside it and takes its place; the earlier one comes beside it on its schema and takes the place
 * back; and once more forward.
 */
const { values } = parseArgs({
  options: { from: { type: "string", default: "HEAD~1" }, rounds: { type: "string", default: "50" } },
}); // prettier-ignore

async function drill(stack: TestStack, traffic: Traffic, earlier: Version, later: Version) {
  const pid = await stack.pidOf("gateway");
  if (pid === null) throw new Error("the stack has no gateway");
  const env = await environmentOf(pid);
  const rounds = async (what: string) => {
    await traffic.races(Number(values.rounds));
    traffic.tell(what);
  };
  const come = async (version: Version) => {
    const gateway = await startGatewayOf(version, env);
    traffic.join(gateway.url);
    return gateway;
  };
  const go = async (gateway: { readonly url: string; stop(): Promise<void> }) => {
    await traffic.leave(gateway.url);
    await gateway.stop();
  };
  traffic.join(stack.url);
  traffic.start();
  await rounds("the earlier one alone");
  await migrateTo(later, env, stack.dataDir);
  traffic.tell("while the later one migrated");
  await rounds("the earlier one, migrated");
  const first = await come(later);
  await rounds("both, going forward");
  await traffic.leave(stack.url);
  await rounds("the later one alone");
  const back = await come(earlier);
  await rounds("both, going back");
  await go(first);
  await rounds("the earlier one alone, stepped back");
  const again = await come(later);
  await rounds("both, going forward again");
  await go(back);
  await rounds("the later one alone again");
  traffic.join(stack.url);
  await traffic.end();
  traffic.tell("every tag, read by both");
  await again.stop();
}

/** @returns whether the audit log, the ledger and the registry say the same */
async function verify(dataDir: string): Promise<boolean> {
  const program = join("deploy", "local", "commands", "audit.mjs");
  const env = { SUDO_USER: "olga", PATH: process.env["PATH"], DATA_DIR: dataDir };
  const args = [program, "verify", "--registry", "--blobs"];
  const command = { file: process.execPath, args, env, cwd: REPOSITORY_ROOT };
  const { ok, output } = await runProgram(command, { timeoutMs: 600_000 });
  console.log(output.trim());
  return ok;
}

const folder = await temporaryFolder();
const traffic = new Traffic();
const { version, remove } = await compileVersion(values.from, join(folder.path, "earlier"));
try {
  const stack = await startTestStack({ root: version });
  try {
    await drill(stack, traffic, version, REPOSITORY_ROOT);
    if (!(await verify(stack.dataDir))) traffic.wrong.push("it is not whole");
  } finally {
    await stack.stop();
  }
} finally {
  await remove();
  await folder.remove();
}
for (const line of traffic.wrong.slice(0, 20)) console.log(`WRONG ${line}`);
process.exitCode = traffic.wrong.length === 0 ? 0 : 1;
