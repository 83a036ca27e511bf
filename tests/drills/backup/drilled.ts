import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { digestOf, registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { fill, someFilled } from "./filled.js";

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
  /** Those of the recipe, with the time that each took. */
  readonly steps: string[] = [];
  /** Where recipes push to. */
  repository = "alpha/app";
  #filled = 0;
  #stack: TestStack | null = null;

  constructor(dataDir: string, backup: string) {
    this.#dataDir = dataDir;
    this.#backup = backup;
  }

  /** @returns path of a part in the data, and in the backup */
  paths(part: "postgres" | "registry" | "keys"): { readonly live: string; readonly saved: string } {
    const at = part === "registry" ? join("registry", "blobs") : part;
    return { live: join(this.#dataDir, at), saved: join(this.#backup, at) };
  }

  async start(): Promise<void> {
    // Only the commands make passes.
    const env = {
      DISCOVERY_SECONDS: "0",
      AUDIT_CHECKPOINT_SECONDS: "1",
      STORAGE_STEP_SECONDS: "1",
    };
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

  async #isReady(): Promise<boolean> {
    return (await fetch(`${this.#stack?.url ?? ""}/ready`)).status === 200;
  }

  /** Fills ledger and storage with so many tags that nobody pushed one by one. */
  async fill(tags: number): Promise<void> {
    assert(this.#stack !== null, "it does not run");
    const { postgres = "" } = await this.#stack.addresses();
    await fill({ dataDir: this.#dataDir, storage: this.paths("registry").live, postgres }, tags);
    this.#filled = tags;
  }

  /** Notes how long a step of a recipe takes. */
  async step<T>(name: string, work: Promise<T>): Promise<T> {
    const began = performance.now();
    const done = await work;
    this.steps.push(`${name} ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    return done;
  }

  async untilReady(ready = true): Promise<void> {
    const what = ready ? "the gateway is ready" : "the gateway is not ready";
    await eventually(what, async () => (await this.#isReady()) === ready);
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
      env: { SUDO_USER: "olga", PATH: process.env["PATH"], DATA_DIR: this.#dataDir },
      cwd: REPOSITORY_ROOT,
    };
    const name = program === "verify" ? program : (program.split("/").at(-2) ?? program);
    const running = runProgram(command, { timeoutMs: 3_600_000 });
    const { ok, output } = await this.step([name, ...args].join(" "), running);
    return { ok, output };
  }

  /** @throws AssertionError when a command does not end with 0 */
  async must(program: string, ...args: readonly string[]): Promise<string> {
    const { ok, output } = await this.run(program, ...args);
    assert(ok, `${program} ${args.join(" ")}:\n${output}`);
    return output;
  }

  /**
   * @throws AssertionError unless tags are answered with these digests, and their images are there as a whole; and so some that
   *   it was filled with
   */
  async pulls(tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#pullsFrom(this.repository, tags);
    for (const [repository, filled] of someFilled(this.#filled))
      await this.#pullsFrom(repository, filled);
  }

  async #pullsFrom(repository: string, tags: Readonly<Record<string, string>>): Promise<void> {
    for (const [tag, digest] of Object.entries(tags)) {
      const { status, text } = await this.client.manifest(repository, tag);
      assert.equal(status, 200, `${repository}:${tag}: ${text}`);
      assert.equal(digestOf(text), digest, `${repository}:${tag}`);
      const { config } = JSON.parse(text) as { config: { digest: string } };
      const content = await this.#blob(repository, config.digest);
      assert.equal(digestOf(content), config.digest, `${repository}:${tag}`);
    }
  }

  async #blob(repository: string, digest: string): Promise<string> {
    const token = await this.client.token(`repository:${repository}:pull`);
    const headers = { authorization: `Bearer ${token}` };
    const url = `${this.#stack?.url ?? ""}/v2/${repository}/blobs/${digest}`;
    return (await fetch(url, { headers })).text();
  }
}
