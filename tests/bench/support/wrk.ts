import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "#local/processes/run-program.js";
import type { Program } from "./programs.js";
import type { Sample } from "./topic.js";

/** What is asked, again and again. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Whole seconds. */
  readonly seconds: number;
  /** Whether bytes are counted, in MB a second, and not requests. */
  readonly countsBytes?: boolean;
}

/** Makes load that costs the machine next to nothing, so that it is not what is measured. */
export type Wrk = (load: Load) => Promise<Sample>;

/** What wrk has counted, as one line of JSON: its own output is for people. */
const SCRIPT = `done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"microseconds":%d,"bytes":%d,"failed":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`;

const counted = z.object({
  requests: z.number(),
  microseconds: z.number(),
  bytes: z.number(),
  failed: z.number(),
  p50: z.number(),
  p99: z.number(),
});

/**
 * @param program - wrk
 * @param folder - for its script
 * @returns it, ready to be used
 */
export async function openWrk(program: Program, folder: string): Promise<Wrk> {
  const script = join(folder, "counts.lua");
  await writeFile(script, SCRIPT);
  return async ({ url, headers, connections, seconds, countsBytes = false }) => {
    const shown = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const threads = String(Math.min(2, connections));
    const args = [
      "-t",
      threads,
      "-c",
      String(connections),
      "-d",
      `${seconds}s`,
      "--timeout",
      "30s",
    ];
    const { ok, stdout, output } = await runProgram(
      { file: program.file, args: [...args, "-s", script, ...shown, url], env: program.env },
      { timeoutMs: (seconds + 60) * 1_000 },
    );
    if (!ok) throw new Error(`wrk failed at ${url}:\n${output}`);
    return sampleOf(stdout, countsBytes);
  };
}

/**
 * @param output - of wrk with the script above
 * @param countsBytes - whether the value is MB a second
 * @returns what it says
 * @throws Error when a request was answered other than with success
 */
export function sampleOf(output: string, countsBytes: boolean): Sample {
  const said = counted.parse(JSON.parse(/^\{.*\}$/m.exec(output)?.[0] ?? "null"));
  if (said.failed > 0) throw new Error(`${said.failed} of ${said.requests} requests failed`);
  const seconds = said.microseconds / 1e6;
  return {
    value: (countsBytes ? said.bytes / 1e6 : said.requests) / seconds,
    count: countsBytes ? Math.max(said.requests, 1) : said.requests,
    p50: said.p50 / 1_000,
    p99: said.p99 / 1_000,
  };
}
