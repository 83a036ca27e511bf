/** Points that are held by attempts whose outcome is not known yet. */
export interface InFlight {
  /** Notes that an attempt with a point of this key has begun. */
  began(key: string): void;
  /** Notes its outcome; a point that was given back lets one that waits try again. */
  ended(key: string, outcome: "given back" | "kept"): void;
  /** @returns how often points were given back so far: whether it is worth trying again */
  givenBack(): number;
  /**
   * @param key - whose points are all taken
   * @param milliseconds - how long to wait at most
   * @returns whether it is worth trying again; `false` at once when nobody holds a point for a moment only
   */
  wait(key: string, milliseconds: number): Promise<boolean>;
}

interface Flight {
  count: number;
  /** In the order in which they came. */
  readonly waiting: Set<(again: boolean) => void>;
}

/**
 * Many right logins that come at once hold more points than there are for guessers: they wait for each other instead of
 * being refused.
 *
 * @returns a note of what is under way in this process
 */
export function inFlight(): InFlight {
  const flights = new Map<string, Flight>();
  let givenBack = 0;
  return {
    began: (key) => {
      const flight = flights.get(key) ?? { count: 0, waiting: new Set() };
      flight.count += 1;
      flights.set(key, flight);
    },
    ended: (key, outcome) => {
      const flight = flights.get(key);
      if (outcome === "given back") givenBack += 1;
      if (flight === undefined) return;
      flight.count -= 1;
      if (flight.count === 0) flights.delete(key);
      const woken = flight.count === 0 ? flight.waiting.size : outcome === "given back" ? 1 : 0;
      for (const wake of [...flight.waiting].slice(0, woken)) {
        flight.waiting.delete(wake);
        wake(true);
      }
    },
    givenBack: () => givenBack,
    wait: (key, milliseconds) =>
      new Promise((resolve) => {
        const flight = flights.get(key);
        if (flight === undefined || milliseconds <= 0) {
          resolve(false);
          return;
        }
        const timer = setTimeout(() => {
          flight.waiting.delete(wake);
          resolve(false);
        }, milliseconds);
        const wake = (again: boolean) => {
          clearTimeout(timer);
          resolve(again);
        };
        flight.waiting.add(wake);
      }),
  };
}
