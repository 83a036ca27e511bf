import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { digestOf, registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const COMMAND = "deploy/local/commands/command.mjs";
const AUDIT = "deploy/local/commands/audit.mjs";

/** What a command printed, and whether it ended with 0. */
export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** A stack whose parts are saved, lost and restored. */
export class Drilled {
  readonly #dataDir: string;
  readonly #backup: string;
  #stack: TestStack | null = null;

  constructor(dataDir: string, backup: string) {
    this.#dataDir = dataDir;
    this.#backup = backup;
  }

  /** @returns path of a part in the data, and in the backup */
  paths(part: "postgres" | "registry"): { readonly live: string; readonly saved: string } {
    const at = part === "registry" ? join("registry", "blobs") : part;
    return { live: join(this.#dataDir, at), saved: join(this.#backup, at) };
  }

  async start(): Promise<void> {
    // Only the commands make passes.
    const env = { DISCOVERY_SECONDS: "0", AUDIT_CHECKPOINT_SECONDS: "1" };
    this.#stack = await startTestStack({ dataDir: this.#dataDir, env });
  }

  async stop(): Promise<void> {
    await this.#stack?.stop();
    this.#stack = null;
  }

  get client(): RegistryClient {
    assert(this.#stack !== null, "it does not run");
    return registryClient(this.#stack.url, "alice-token");
  }

  /** @returns whether the gateway says that a push would work */
  async isReady(): Promise<boolean> {
    return (await fetch(`${this.#stack?.url ?? ""}/ready`)).status === 200;
  }

  async untilReady(): Promise<void> {
    await eventually("the gateway is ready", () => this.isReady());
  }

  /** @returns what a part has written to its log */
  log(part: string): Promise<string> {
    return readFile(join(this.#dataDir, "logs", `${part}.log`), "utf8");
  }

  /** Runs a command as `npm run` does. */
  async run(program: string, ...args: readonly string[]): Promise<Ran> {
    const command = {
      file: process.execPath,
      args: program === "verify" ? [AUDIT, program, ...args] : [COMMAND, program, ...args],
      env: { PATH: process.env["PATH"], DATA_DIR: this.#dataDir },
      cwd: REPOSITORY_ROOT,
    };
    const { ok, output } = await runProgram(command, { timeoutMs: 600_000 });
    return { ok, output };
  }

  /** @throws AssertionError when a command does not end with 0 */
  async must(program: string, ...args: readonly string[]): Promise<string> {
    const { ok, output } = await this.run(program, ...args);
    assert(ok, `${program} ${args.join(" ")}:\n${output}`);
    return output;
  }

  /** @throws AssertionError unless tags are answered with these digests, and their images are there as a whole */
  async pulls(tags: Readonly<Record<string, string>>): Promise<void> {
    for (const [tag, digest] of Object.entries(tags)) {
      const { status, text } = await this.client.manifest("alpha/app", tag);
      assert.equal(status, 200, `alpha/app:${tag}: ${text}`);
      assert.equal(digestOf(text), digest, `alpha/app:${tag}`);
      const { config } = JSON.parse(text) as { config: { digest: string } };
      assert.equal(digestOf(await this.#blob(config.digest)), config.digest, `alpha/app:${tag}`);
    }
  }

  async #blob(digest: string): Promise<string> {
    const token = await this.client.token("repository:alpha/app:pull");
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${this.#stack?.url ?? ""}/v2/alpha/app/blobs/${digest}`, {
      headers,
    });
    return answer.text();
  }
}
