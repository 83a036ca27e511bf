import { writeSync } from "node:fs";

/** Takes lines, each with its end. */
export interface LineWriter {
  readonly write: (line: string) => void;
}

/** A reader that is behind is waited for. */
const BUSY_MILLISECONDS = 10;
const NOTHING = Buffer.alloc(0);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Where nothing can be written, since the disk is full or nobody reads any more, lines are lost and whoever writes them goes on.
 *
 * @param file - descriptor that lines are written to
 * @param lostLine - makes the line that tells how many were lost, written before the next that can be
 * @returns a writer of whole lines
 */
export function lineWriter(file: number, lostLine: (lines: number) => string): LineWriter {
  /** Of a line that was written in part. */
  let rest: Buffer = NOTHING;
  let lost = 0;
  const isWritten = (line: string): boolean => {
    const bytes = Buffer.from(line);
    const left = writeMost(file, bytes);
    rest = left.length < bytes.length ? left : NOTHING;
    return left.length < bytes.length;
  };
  return {
    write: (line) => {
      rest = writeMost(file, rest);
      if (rest.length > 0) lost += 1;
      else if (lost > 0 && !isWritten(lostLine(lost))) lost += 1;
      else {
        lost = 0;
        if (rest.length > 0 || !isWritten(line)) lost = 1;
      }
    },
  };
}

/** @returns what could not be written */
function writeMost(file: number, bytes: Buffer): Buffer {
  let left = bytes;
  while (left.length > 0)
    try {
      left = left.subarray(writeSync(file, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
      Atomics.wait(sleeper, 0, 0, BUSY_MILLISECONDS);
    }
  return left;
}
