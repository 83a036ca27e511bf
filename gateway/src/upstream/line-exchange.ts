import { Duplex } from "node:stream";
import type { Line, LineReader, Lines } from "./lines.js";

/**
 * One exchange on a connection, for Node's HTTP client, which takes it for the connection itself. The head of the answer goes
 * through Node's parser, as every answer does. A body may go past it: the parser copies what it is given.
 */
export class LineExchange extends Duplex {
  readonly #lines: Lines;
  readonly #line: Line;
  /** Whether the connection is this exchange's. */
  #isOwn = true;
  #isHeld = false;

  /** @param lines - where the connection comes from, and may go back to */
  constructor(lines: Lines) {
    super({ emitClose: true, autoDestroy: true });
    this.#lines = lines;
    this.#line = lines.take({
      buffer: () => null,
      take: (bytes) => this.push(Buffer.from(bytes)) && !this.#isHeld,
      gone: (error) => {
        if (error === null) this.push(null);
        else this.destroy(error);
      },
    });
    this.#line.socket.on("timeout", this.#noteSilence);
  }

  /** @returns whether other exchanges were on the connection before */
  get isReused(): boolean {
    return this.#line.isReused;
  }

  /**
   * @returns whether nothing is read until somebody says so, and the parser has got all that was read before: what waits
   *   for the parser would come too late
   */
  get isHeld(): boolean {
    return this.#isHeld && this.readableLength === 0;
  }

  /** Reads nothing more until {@link goOn} or {@link divert}; what has been read is given to the parser first. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Reads on, through the parser. */
  goOn(): void {
    this.#isHeld = false;
    if (this.#isOwn) this.#line.socket.resume();
  }

  /**
   * From now on whatever comes is the reader's and not the parser's. To be held before.
   *
   * @returns reads on when it was stopped
   */
  divert(reader: LineReader): () => void {
    this.#line.reader = reader;
    const resume = () => {
      if (this.#isOwn) this.#line.socket.resume();
    };
    resume();
    return resume;
  }

  /** The exchange went as it should: its connection is for the next one. */
  giveBack(): void {
    if (!this.#isOwn) return;
    this.#isOwn = false;
    this.#line.socket.off("timeout", this.#noteSilence);
    this.#lines.giveBack(this.#line);
    this.destroy();
  }

  /** As of a socket. */
  setTimeout(milliseconds: number): this {
    this.#line.socket.setTimeout(milliseconds);
    return this;
  }

  readonly #noteSilence = (): void => {
    this.emit("timeout");
  };

  override _read(): void {
    if (this.#isOwn && !this.#isHeld) this.#line.socket.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#line.socket.write(bytes, done);
  }

  /** Node's client ends what it will not use again. */
  override _final(done: (error?: Error | null) => void): void {
    done();
    this.destroy();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#isOwn) {
      this.#line.socket.off("timeout", this.#noteSilence);
      this.#line.socket.destroy();
    }
    done(error);
  }
}
