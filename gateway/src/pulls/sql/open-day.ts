/**
 * The day, in UTC, to which pulls are added now. The lock of pulls is held, so that no day is ended meanwhile: where the clock
 * was ahead, or the day has just ended, it is the one after the last that is over.
 */
export const OPEN_DAY = `greatest((clock_timestamp() at time zone 'UTC')::date,
  (select day + 1 from ledger.pull_seal order by day desc limit 1))`;
