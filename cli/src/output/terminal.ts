/** What results are written to. */
export interface Terminal {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
  /** Whether somebody looks at the results. */
  readonly isInteractive: boolean;
  /** Whether somebody looks at progress. */
  readonly showsProgress: boolean;
  /** Columns that a line may have; `null`: as many as it takes. */
  readonly width: number | null;
  readonly hasColours: boolean;
}

interface Stream {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): unknown;
}

/**
 * @param streams - standard output and error
 * @param env - `NO_COLOR` (https://no-color.org), `FORCE_COLOR`, `TERM`, `COLUMNS`
 * @returns what can be shown there
 */
export function terminalOf(
  streams: {
    readonly out: Stream;
    readonly err: Stream;
  },
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isInteractive = streams.out.isTTY;
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const isForced = (env["FORCE_COLOR"] ?? "0") !== "0";
  const columns = /^[1-9]\d{0,4}$/.test(env["COLUMNS"] ?? "") ? Number(env["COLUMNS"]) : null;
  return {
    out: streams.out,
    err: streams.err,
    isInteractive,
    showsProgress: streams.err.isTTY && env["TERM"] !== "dumb",
    width: columns ?? (isInteractive ? streams.out.columns : null),
    hasColours: !isPlain && (isInteractive || isForced),
  };
}
