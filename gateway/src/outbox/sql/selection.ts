/** Which deliveries an operator means; what is absent is not looked at. */
export interface Selection {
  readonly sink?: string | undefined;
  readonly repository?: string | undefined;
  /** Id of one event. */
  readonly event?: string | undefined;
  /** Events that happened since then. */
  readonly since?: Date | undefined;
}

/** Condition on deliveries and their events, of which the first parameters are {@link valuesOf}. */
export const SELECTED = `($1::text is null or delivery.sink = $1)
  and ($2::text is null or delivery.repository = $2)
  and ($3::uuid is null or delivery.event = $3)
  and ($4::timestamptz is null or event.occurred_at >= $4)`;

/** @returns the parameters of {@link SELECTED} */
export function valuesOf({ sink, repository, event, since }: Selection) {
  return [sink ?? null, repository ?? null, event ?? null, since ?? null];
}
