import { basename } from "node:path";
import { dockerConfigFile, settingsFolder } from "./config/places.js";
import { settingsFile } from "./config/settings.js";
import { dockerStore } from "./login/docker-store.js";
import { ownStore } from "./login/own-store.js";
import { terminalOf } from "./output/terminal.js";
import { runProgram } from "./program.js";
import { VERSION } from "./version.js";

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const { env, platform } = process;
const own = ownStore(settingsFolder(env, platform));
const docker = dockerStore({ file: dockerConfigFile(env), env, own });
const terminal = terminalOf({ out: process.stdout, err: process.stderr }, env);

// A reader that has seen enough, as `head`, is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const isHelper = basename(process.argv[1] ?? "").startsWith("docker-credential-wharf");
const words = process.argv.slice(2);
process.exitCode = await runProgram(
  {
    env,
    platform,
    terminal,
    docker,
    own,
    readInput,
    settingsFile: settingsFile(env, platform),
    version: VERSION,
  },
  isHelper ? ["credential-helper", ...words] : words,
);
// What a shell asked for completion is not waited for once it has its answer.
if (words[0] === "__complete") process.exit();
