import type { Circus } from "@jest/types";
import { TestEnvironment } from "jest-environment-node";

/** What a test file and its environment tell each other; the file's `globalThis.told`. */
export interface Told {
  /** Test that runs now; empty before and after. */
  runningTest: string;
  /** The only tests that are wanted; `null`: all. */
  wanted: readonly string[] | null;
  unwanted: readonly string[];
  /** Whether one failure is enough. */
  stopsEarly: boolean;
}

/** Runs the wanted tests of a file, and none once one has failed: who noticed is known by then. */
export default class StopEarly extends TestEnvironment {
  readonly #told: Told = { runningTest: "", wanted: null, unwanted: [], stopsEarly: true };
  #hasFailed = false;

  override async setup(): Promise<void> {
    await super.setup();
    Object.assign(this.global, { told: this.#told });
  }

  handleTestEvent(event: Circus.Event): void {
    const told = this.#told;
    if (event.name === "test_start") {
      const name = fullNameOf(event.test);
      told.runningTest = name;
      const isWanted = (told.wanted?.includes(name) ?? true) && !told.unwanted.includes(name);
      if ((told.stopsEarly && this.#hasFailed) || !isWanted) event.test.mode = "skip";
    }
    if (event.name === "test_done") {
      told.runningTest = "";
      if (event.test.errors.length > 0) this.#hasFailed = true;
    }
  }
}

function fullNameOf({ name, parent }: Circus.TestEntry): string {
  const names = [name];
  // The outermost block is the file itself.
  for (let block = parent; block.parent !== undefined; block = block.parent)
    names.unshift(block.name);
  return names.join(" ");
}
