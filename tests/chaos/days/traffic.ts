import { setTimeout as pause } from "node:timers/promises";
import { tokenFor } from "../client.js";
import { isMutable } from "./books.js";
import type { Day } from "./day.js";
import { knownImage, knownIndex, nameOf, type KnownImage } from "./images.js";
import { pull, push } from "./transfer.js";

const LONERS = 2;
const RIVALS = 2;
/** Every so many pushes of a client are of an index. */
const INDEX_EVERY = 3;
/** Every so many pushes that were not answered are left alone for the time. */
const LEFT_EVERY = 3;
const PAUSE_MILLISECONDS = 200;
/** Where each client that nobody disturbs pushes. */
export const REPOSITORIES = Array.from({ length: LONERS }, (_, i) => `alpha/day-${i}`);
const SHARED = "alpha/day-shared";
const MOVING = "alpha/day-moving";

/** Clients that push and read while something goes wrong. */
export class Traffic {
  /** What they got that nobody pushed there, or that had been pushed and was not there. */
  readonly misread = new Map<string, string>();
  reads = 0;
  readonly #day: Day;
  readonly #counts = new Map<string, number>();
  #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(day: Day) {
    this.#day = day;
  }

  start(): void {
    this.#stopping = new AbortController();
    const loners = REPOSITORIES.map((repository, i) => this.#pushAll(`own-${i}`, repository, i));
    const rivals = Array.from({ length: RIVALS }, (_, i) =>
      this.#pushAll(`rival-${i}`, SHARED, i, { content: `of ${i}` }),
    );
    const moving = this.#pushAll("moving", MOVING, 0, { tag: "1-SNAPSHOT" });
    this.#running = Promise.all([...loners, ...rivals, moving, this.#readAll()]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Runs something while they push and read, and so many milliseconds longer. */
  async during(milliseconds: number, work: () => Promise<void> = () => Promise.resolve()) {
    this.start();
    try {
      await work();
      await pause(milliseconds);
    } finally {
      await this.stop();
    }
  }

  /** @returns a push of its own, of a name that was never pushed */
  next(client: string, repository: string, fixed: { tag?: string; content?: string } = {}) {
    const count = this.#counts.get(client) ?? 0;
    this.#counts.set(client, count + 1);
    const made = count % INDEX_EVERY === 2 ? knownIndex : knownImage;
    const tag = fixed.tag ?? `n${count}`;
    return made(repository, tag, `${repository} ${client} ${count} ${fixed.content ?? ""}`);
  }

  /** Pushes once, as a client does, and notes what came of it. */
  async pushOnce(image: KnownImage, gateway: string, patience?: number) {
    this.#day.books.begin(image);
    const pushed = await push(gateway, image, patience);
    this.#day.books.end(image, pushed);
    return pushed;
  }

  async #pushAll(
    client: string,
    repository: string,
    instance: number,
    fixed: { tag?: string; content?: string } = {},
  ): Promise<void> {
    let image: KnownImage | null = null;
    for (let i = instance; !this.#stopping.signal.aborted; i += 1) {
      const gateway = this.#gateway(i);
      if (gateway !== null) {
        image ??= this.next(client, repository, fixed);
        const { end } = await this.pushOnce(image, gateway, 70_000);
        // As it was told. Of what else went wrong some is made again at once, and some much later.
        if (end !== "unavailable" && (end !== "unanswered" || i % LEFT_EVERY === 0)) image = null;
      }
      await this.#rest();
    }
  }

  /** Whatever may be away, nobody is told of an image that nobody pushed, nor that an acknowledged one never was. */
  async #readAll(): Promise<void> {
    for (let i = 0; !this.#stopping.signal.aborted; i += 1) {
      const some = this.#day.books.acknowledged().filter(({ tag }) => !isMutable(tag));
      const image = some[(i * 7919) % Math.max(some.length, 1)];
      const gateway = this.#gateway(i);
      if (image !== undefined && gateway !== null) await this.#read(image, gateway);
      await this.#rest();
    }
  }

  async #read(image: KnownImage, url: string): Promise<void> {
    const token = await tokenFor(url, image.repository).catch(() => null);
    if (token === null) return;
    const { repository, tag } = image;
    const pulled = await pull({ url, token }, repository, tag, { manifestAlone: true });
    if (pulled === "unanswered") return;
    this.reads += 1;
    if (pulled.digest === image.digest || pulled.isToldLost === true) return;
    this.misread.set(nameOf(image), `${pulled.digest ?? "nothing"} for ${image.digest} at ${url}`);
  }

  #gateway(i: number): string | null {
    if (!this.#day.isUp) return null;
    const { gateways } = this.#day.fleet;
    return gateways[i % gateways.length] ?? null;
  }

  async #rest(): Promise<void> {
    await pause(PAUSE_MILLISECONDS, undefined, { signal: this.#stopping.signal }).catch(
      () => undefined,
    );
  }
}
