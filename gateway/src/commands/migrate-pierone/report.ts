import type { MigrationSummary } from "../../from-pier-one/tally.js";

/**
 * @param summary - a migration that ended
 * @param dryRun - whether nothing was written
 * @returns it for people, line by line
 */
export function reportLines(summary: MigrationSummary, dryRun: boolean): string[] {
  const { totals, imported, there, refused, failed, blobs, bytes, mounted, seconds } = summary;
  const would = dryRun ? " (would be)" : "";
  return [
    `tags in Pier One  ${totals.tags}, ${totals.first} of them of Docker's first registry protocol`,
    `imported          ${imported}${would}`,
    `here already      ${there}`,
    `not imported      ${refused}, and ${failed} failed`,
    `blobs             ${blobs} carried (${sizeOf(bytes)}), ${mounted} mounted`,
    `seconds           ${seconds.toFixed(1)}`,
    ...(dryRun ? ["dry run: nothing was written"] : []),
  ];
}

/**
 * @param summary - a migration under way
 * @returns it in one short line
 */
export function progressLine(summary: MigrationSummary): string {
  const { totals, imported, there, refused, failed, bytes, seconds, secondsLeft } = summary;
  const looked = imported + there + refused + failed;
  const left = secondsLeft === null ? "" : `, about ${timeOf(secondsLeft)} left`;
  return (
    `${looked} of ${totals.tags} tags, ${imported} imported, ${refused + failed} not, ` +
    `${sizeOf(bytes)} of at most ${sizeOf(totals.bytes)}, ${sizeOf(bytes / Math.max(seconds, 1))}/s${left}`
  );
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

function sizeOf(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? ""}`;
}

function timeOf(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 2) return `${Math.ceil(seconds)} s`;
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
