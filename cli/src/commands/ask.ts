import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UsageFault } from "../exit/faults.js";

/**
 * @param what - what is asked for
 * @returns what was typed on the terminal, which does not show it
 */
export async function askHidden(what: string): Promise<string> {
  process.stderr.write(`${what}: `);
  const silent = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const typed = await readLine(silent);
  process.stderr.write("\n");
  return typed;
}

/**
 * @param what - what is about to happen, as a question without its mark
 * @param isYes - whether it was said on the command line already
 * @returns whether it may
 * @throws UsageFault when nobody is there to be asked
 */
export async function confirm(what: string, isYes: boolean): Promise<boolean> {
  if (isYes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageFault(`${what}: nobody is there to confirm it`, "say it with --yes");
  process.stderr.write(`${what}? [y/N] `);
  return /^y(?:es)?$/i.test((await readLine(process.stderr)).trim());
}

function readLine(output: NodeJS.WritableStream): Promise<string> {
  const reader = createInterface({ input: process.stdin, output, terminal: true });
  return new Promise((resolve) => {
    let typed = "";
    reader.once("line", (line) => {
      typed = line;
      reader.close();
    });
    reader.once("SIGINT", () => {
      reader.close();
      process.stderr.write("\n");
      process.exit(130);
    });
    reader.once("close", () => {
      resolve(typed);
    });
  });
}
