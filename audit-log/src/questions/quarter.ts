/** A quarter of a year, in UTC. */
export interface Quarter {
  /** `2026Q4`. */
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

const MONTHS = 3;

/**
 * @param text - `2026Q4`
 * @returns that quarter, from its first moment to before that of the next; `null` for what is none
 */
export function quarterIn(text: string): Quarter | null {
  const [, year, number] = /^(\d{4})-?[Qq]([1-4])$/.exec(text) ?? [];
  if (year === undefined || number === undefined) return null;
  const month = (Number(number) - 1) * MONTHS;
  return {
    name: `${year}Q${number}`,
    from: new Date(Date.UTC(Number(year), month)),
    to: new Date(Date.UTC(Number(year), month + MONTHS)),
  };
}
