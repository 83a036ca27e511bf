import { Fault } from "#registry-protocol/faults.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { pointsInMemory, type PointStore } from "./points.js";
import { giveBackPoint, takePoint } from "./sql.js";

/**
 * @param db - where points are, for all replicas
 * @param windowSeconds - how long a point is held
 * @param now - current time in milliseconds since the epoch
 * @returns points that replicas take together; while Postgres is away each goes on with those that were taken through it
 */
export function storedPoints(db: Queryable, windowSeconds: number, now: () => number): PointStore {
  const ownPoints = pointsInMemory(windowSeconds, now);
  return {
    take: async (point) => {
      const taking = await tolerate(takePoint(db, point, windowSeconds));
      if (taking?.taken === false) return taking;
      // What it knows of is not forgotten when Postgres goes away: guessers would have as many points once more.
      const own = await ownPoints.take(point);
      return taking ?? own;
    },
    giveBack: async (point) => {
      await ownPoints.giveBack(point);
      await tolerate(giveBackPoint(db, point));
    },
  };
}

/**
 * @param work - something about the limits that the database is wanted for
 * @returns its outcome, or `null` while the database is away: a login does not fail for it
 */
export async function tolerate<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}
