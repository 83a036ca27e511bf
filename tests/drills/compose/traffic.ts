import type { Pushes } from "./pushes.js";

/** Pushes one after the other, until it is told to end. */
export class Traffic {
  readonly #pushes: Pushes;
  readonly #failures: string[] = [];
  #made = 0;
  #isEnding = false;
  #running: Promise<void> = Promise.resolve();

  constructor(pushes: Pushes) {
    this.#pushes = pushes;
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
      await this.#pushes.push(`rolled-${this.#made}`).catch((error: unknown) => {
        this.#failures.push(String(error));
      });
    }
  }
}
