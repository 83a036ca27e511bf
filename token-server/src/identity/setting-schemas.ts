import { z } from "zod";

/** A realm of our own naming, for sources that know none. */
export const realmSchema = z
  .string()
  .regex(/^\/[a-z0-9-]+$/, "wanted a realm such as /employees or /services");

/** Above this, a changed password or a revoked token would work for too long. */
const MAX_CACHE_SECONDS = 3_600;
export const cacheSecondsSchema = z.int().min(0).max(MAX_CACHE_SECONDS);
