import type { IncomingMessage, ServerResponse } from "node:http";
import { LineExchange } from "./line-exchange.js";
import { areShared } from "./lines.js";

/** More at once costs memory, and time when it leaves the processor's cache. */
const PIECE_BYTES = 512 * 1024;
/** Buffers that wait for their next body; what is beyond goes to the collector. */
const MOST_SPARE = 16;

const spare: Buffer[] = [];

/** A body that did not come to its end. */
class CutOff extends Error {
  override readonly name = "CutOff";
}

/**
 * @param answer - an upstream's answer of which nobody has read the body
 * @returns the exchange that it came on, if that is held since the body may go past Node's parser
 */
export function heldExchange(answer: IncomingMessage): LineExchange | null {
  const connection: unknown = answer.socket;
  return connection instanceof LineExchange && connection.isHeld ? connection : null;
}

/**
 * Passes a large body on past Node's parser: it is read into one buffer, again and again, and the next bytes are read when the
 * client's connection has taken those before. The connection is kept when the body came to its exact end.
 *
 * @param answer - the upstream's answer, its body not read
 * @param exchange - see {@link heldExchange}
 * @param res - the client's answer, its headers set
 * @returns when the client's connection has taken all of it
 * @throws when either side breaks off
 */
export function pour(
  answer: IncomingMessage,
  exchange: LineExchange,
  res: ServerResponse,
): Promise<void> {
  // What the parser had before it was passed over.
  const begun = answer.read() as Buffer | null;
  let left = Number(answer.headers["content-length"]) - (begun?.length ?? 0);
  const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  const mayStay = answer.httpVersion === "1.1" && !/close/i.test(answer.headers.connection ?? "");
  // Node takes the end of the exchange for an answer that was cut off.
  answer.on("error", () => undefined);
  return new Promise<void>((resolve, reject) => {
    const isFree = () => res.writableLength === 0;
    const written = () => {
      if (left > 0 && isFree()) resume();
    };
    const take = (bytes: Buffer): boolean => {
      const isWhole = bytes.length >= left;
      const isMore = bytes.length > left;
      const piece = isMore ? bytes.subarray(0, left) : bytes;
      left -= piece.length;
      res.write(areShared(piece) ? Buffer.from(piece) : piece, written);
      if (!isWhole) return isFree();
      res.end();
      if (mayStay && !isMore) exchange.giveBack();
      else exchange.destroy();
      return true;
    };
    const gone = () => {
      if (left > 0) reject(new CutOff("the answer was cut off"));
    };
    res.once("error", reject);
    res.once("close", () => {
      if (!res.writableFinished) reject(new CutOff("the client has gone"));
    });
    res.once("finish", () => {
      // Nobody writes from it any more, and the connection reads elsewhere since the end of the body.
      if (spare.length < MOST_SPARE) spare.push(buffer);
      resolve();
    });
    if (begun !== null) res.write(begun);
    const resume = exchange.divert({ buffer: () => (left > 0 ? buffer : null), take, gone });
    if (res.destroyed) reject(new CutOff("the client has gone"));
  });
}
