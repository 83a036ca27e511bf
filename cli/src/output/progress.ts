import { bytesText } from "./cells.js";
import type { Terminal } from "./terminal.js";

/** Shows on standard error how far something is, where somebody looks. */
export interface Progress {
  /** So many bytes more. */
  readonly add: (bytes: number) => void;
  /** Takes the line away. */
  readonly end: () => void;
}

const EVERY_MILLISECONDS = 100;
const BAR = 24;

/**
 * @param terminal - where
 * @param what - what one waits for
 * @param total - bytes in all
 * @returns the bar
 */
export function progressBar(
  { err, showsProgress }: Pick<Terminal, "err" | "showsProgress">,
  what: string,
  total: number,
): Progress {
  let bytes = 0;
  let shownAt = 0;
  return {
    add: (more) => {
      bytes += more;
      const now = performance.now();
      if (!showsProgress || now - shownAt < EVERY_MILLISECONDS) return;
      shownAt = now;
      const done = total === 0 ? 0 : Math.min(BAR, Math.floor((bytes / total) * BAR));
      const bar = `${"#".repeat(done)}${"-".repeat(BAR - done)}`;
      err.write(`\r\u001b[K${what} [${bar}] ${bytesText(bytes)} of ${bytesText(total)}`);
    },
    end: () => {
      if (shownAt > 0) err.write("\r\u001b[K");
    },
  };
}
