import { parseArgs } from "node:util";
import { understood, UsageError } from "#service-kit/command.js";
import { numberOption } from "#service-kit/number-option.js";

/** What the command is to do. */
export interface MigrateCommand {
  /** Address of Pier One's database. */
  readonly from: string;
  /** Where Pier One keeps blobs. */
  readonly storage: string;
  readonly dryRun: boolean;
  /** Who brings it, as far as that was said. */
  readonly by: string | undefined;
  readonly parallel: number;
  /** Bytes a second; `null`: as fast as it goes. */
  readonly rate: number | null;
  readonly zone: string;
}

const PARALLEL = { min: 1, max: 32 };
const MEGABYTES = { min: 1, max: 100_000 };
const BYTES_A_MEGABYTE = 1_000_000;

/**
 * @param argv - arguments
 * @returns what they ask for
 * @throws UsageError when they cannot be understood
 */
export function parseCommand(argv: readonly string[]): MigrateCommand {
  const { values } = understood(() =>
    parseArgs({
      args: [...argv],
      options: {
        from: { type: "string" },
        storage: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        parallel: { type: "string", default: "4" },
        rate: { type: "string" },
        by: { type: "string" },
        "time-zone": { type: "string", default: "UTC" },
      },
    }),
  );
  const { from, storage, rate, "dry-run": dryRun } = values;
  if (from === undefined) throw new UsageError("--from is missing: where is Pier One's database?");
  if (storage === undefined)
    throw new UsageError("--storage is missing: where does Pier One keep its blobs?");
  return {
    ...{ from, storage },
    dryRun,
    by: values.by,
    parallel: numberOption("--parallel", values.parallel, PARALLEL),
    rate: rate === undefined ? null : numberOption("--rate", rate, MEGABYTES) * BYTES_A_MEGABYTE,
    zone: values["time-zone"],
  };
}
