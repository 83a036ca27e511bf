import type { RecordAudit } from "#audit-log/record-audit.js";
import { Fault } from "#registry-protocol/faults.js";
import { changeMode, readMode } from "#rest-api/operations/mode.js";
import type { Database } from "#service-kit/db/pool.js";
import { readCanary } from "../mode/canary-sql.js";
import { readDrainState, whatIsOpen } from "../mode/drain.js";
import { switchMode } from "../mode/switch-mode.js";
import { implement, type Implementation } from "./implement.js";

/** What reading and changing the mode needs. */
export interface ModeOperationsDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
  /** @returns whether it did the work: it does unless garbage is being collected, which cannot begin meanwhile */
  readonly unlessCollecting: (work: () => Promise<void>) => Promise<boolean>;
}

/**
 * @param deps - ledger and audit log
 * @returns the operations about the mode of all gateways
 */
export function modeOperations(deps: ModeOperationsDeps): readonly Implementation[] {
  const { db, audit, unlessCollecting } = deps;
  return [
    implement(readMode, async () => ({ body: await shownMode(db) })),
    implement(changeMode, async ({ body, actor }) => {
      const change = async () => {
        if (body.mode === "normal" && (await readCanary(db)) !== null)
          throw unproven("it is not proven that the registry has forgotten what was collected");
        await switchMode({ db, audit }, { ...body, actor });
      };
      if (body.mode === "read-only") await change();
      else if (!(await unlessCollecting(change))) throw unproven("garbage is being collected");
      return { body: await shownMode(db) };
    }),
  ];
}

/** A push could lose its layers after it was acknowledged. */
function unproven(why: string): Fault {
  return new Fault("CONFLICT", { message: `${why}: npm run mode -- normal says what is missing` });
}

async function shownMode(db: Database) {
  const state = await readDrainState(db);
  const { mode, gateways } = state;
  const { name, reason, changedBy, changedAt } = mode;
  const open = whatIsOpen(state);
  return {
    ...{ mode: name, reason, changedBy, changedAt },
    ...{ atRest: open.length === 0, open },
    gateways: gateways.map((gateway) => ({
      ...{ name: gateway.name, writes: gateway.writes },
      follows: gateway.follows === changedAt,
      silentSeconds: Math.round(gateway.silentSeconds),
    })),
  };
}
