import { knownPush, pushImage, readTag, tokenFor, type KnownPush } from "#tests/chaos/client.js";

const REPOSITORY = "alpha/app";
const READERS = 4;

/** Whoever races for a tag by every gateway there is, and readers of what was acknowledged, as long as it runs. */
export class Traffic {
  readonly #urls = new Set<string>();
  readonly #acknowledged: KnownPush[] = [];
  readonly #done = { races: 0, pushes: 0, pulls: 0 };
  readonly wrong: string[] = [];
  #round: Promise<unknown> = Promise.resolve();
  #hasEnded = false;
  #running: Promise<void> = Promise.resolve();

  /** From now on a gateway gets requests, as from a balancer that has found it ready. */
  join(url: string): void {
    this.#urls.add(url);
  }

  /** From now on a gateway gets none: resolves when it has answered those that it had, as a balancer waits for. */
  async leave(url: string): Promise<void> {
    this.#urls.delete(url);
    await this.#round;
  }

  start(): void {
    this.#running = this.#rounds();
  }

  /** @returns resolves when that many tags more were raced for */
  async races(count: number): Promise<void> {
    const until = this.#done.races + count;
    while (this.#done.races < until) await this.#round;
  }

  /** Says what was done since the last time, and by how many gateways. */
  tell(what: string): void {
    const { races, pushes, pulls } = this.#done;
    const wrong = this.wrong.length;
    console.log(`${what}: ${races} tags, ${pushes} pushes, ${pulls} pulls so far, ${wrong} failed`);
  }

  /** Ends it, and reads every tag by all gateways. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#running;
    for (const push of this.#acknowledged)
      await Promise.all([...this.#urls].map((url) => this.#read(url, push)));
  }

  async #rounds(): Promise<void> {
    for (let number = 0; !this.#hasEnded; number += 1) {
      const urls = [...this.#urls];
      const reads = urls.flatMap((url) =>
        Array.from({ length: READERS }, () => this.#readAny(url)),
      );
      this.#round = Promise.all([this.#race(urls, `1.${number}`), ...reads]);
      await this.#round;
    }
  }

  /** Each pushes a content of its own: one of them has the tag then, the others are refused. */
  async #race(urls: readonly string[], tag: string): Promise<void> {
    const pushes = urls.map((_, place) => knownPush(REPOSITORY, tag, `${tag} by ${place}`));
    const ends = await Promise.all(pushes.map((push, i) => pushImage(urls[i] ?? "", push)));
    const winners = pushes.filter((_, place) => ends[place] === "acknowledged");
    const isRight = winners.length === 1 && !ends.includes("unanswered");
    if (!isRight) this.wrong.push(`${tag}, pushed by ${urls.join(" and ")}: ${ends.join(", ")}`);
    this.#acknowledged.push(...winners.slice(0, 1));
    this.#done.races += 1;
    this.#done.pushes += urls.length;
  }

  async #readAny(url: string): Promise<void> {
    const push = this.#acknowledged[Math.floor(Math.random() * this.#acknowledged.length)];
    if (push !== undefined) await this.#read(url, push);
  }

  async #read(url: string, { repository, tag, digest }: KnownPush): Promise<void> {
    try {
      const read = await readTag(url, await tokenFor(url, REPOSITORY), { repository, tag });
      if (read === "unanswered" || read.digest !== digest)
        this.wrong.push(`${tag} is read by ${url} as ${JSON.stringify(read)}`);
    } catch (error) {
      this.wrong.push(`${tag}, read by ${url}: ${String(error)}`);
    }
    this.#done.pulls += 1;
  }
}
