import { pause } from "#local/processes/wait.js";
import type { Pushes } from "./pushes.js";

/** Whoever is refused does not ask a thousand times a second. */
const AFTER_FAILURE_MS = 200;

/** Pushes one after the other, until it is told to end. */
export class Traffic {
  readonly #pushes: Pushes;
  readonly #name: string;
  readonly #failures: string[] = [];
  #made = 0;
  #isEnding = false;
  #running: Promise<void> = Promise.resolve();

  /**
   * @param pushes - makes them
   * @param name - that their tags begin with
   */
  constructor(pushes: Pushes, name: string) {
    this.#pushes = pushes;
    this.#name = name;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** @returns how many pushes there were, and why some failed */
  async end(): Promise<{ readonly made: number; readonly failures: readonly string[] }> {
    this.#isEnding = true;
    await this.#running;
    return { made: this.#made, failures: this.#failures };
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      this.#made += 1;
      await this.#pushes.push(`${this.#name}-${this.#made}`).catch(async (error: unknown) => {
        this.#failures.push(String(error));
        await pause(AFTER_FAILURE_MS);
      });
    }
  }
}
