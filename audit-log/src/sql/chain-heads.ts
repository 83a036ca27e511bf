import type { Queryable } from "#service-kit/db/pool.js";
import type { ChainHead } from "../checkpoint.js";

/** @returns the ends of all chains at one moment */
export async function readHeads(db: Queryable): Promise<ChainHead[]> {
  const { rows } = await db.query<{ chain: number; position: string; hash: string }>(
    `select chain, position, encode(hash, 'hex') as hash from audit.chain_head order by chain`,
  );
  return rows.map(({ position, ...head }) => ({ ...head, position: Number(position) }));
}
