/**
 * @param column - SQL of a `timestamptz`
 * @returns SQL of it as text as entries have it, `2026-11-20T20:00:00.000000Z`; texts are in the order of the times
 */
export function inMicroseconds(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
