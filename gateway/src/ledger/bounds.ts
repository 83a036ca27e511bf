/** How long what nobody knows may stay so. */
export interface Bounds {
  /** Seconds after which the push or deletion of a tag is ended whose outcome cannot be told. */
  readonly undecidedSeconds: number;
  /** Seconds after which the registry carries out nothing any more that it has not answered. */
  readonly lateSeconds: number;
}

/** Longer than the gateway's tokens for the registry live, with its leeway and the time that it takes then. */
export const BOUNDS: Bounds = { undecidedSeconds: 600, lateSeconds: 420 };
