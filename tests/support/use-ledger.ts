import { afterAll, afterEach, beforeAll, beforeEach } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { createLedger, startLedger, type StartedLedger, type TestLedger } from "./ledger.js";
import { startTestPostgres, type TestPostgres } from "./postgres.js";
import { startRelay, type TcpRelay } from "./tcp-relay.js";

/**
 * One ledger for the tests of a file, empty before each.
 *
 * @param take - gets it before the first test
 */
export function useLedger(take: (ledger: StartedLedger, db: Database) => void): void {
  let ledger: StartedLedger;
  beforeAll(async () => {
    ledger = await startLedger();
    take(ledger, ledger.db);
  });
  beforeEach(() => ledger.clear());
  afterAll(() => ledger.stop());
}

/** A ledger that was made for one test, and a way to it that the test can cut. */
export interface FreshLedger {
  readonly ledger: TestLedger;
  readonly relay: TcpRelay;
}

/**
 * A new ledger for each test of a file.
 *
 * @param take - gets it before each test
 */
export function useFreshLedger(take: (fresh: FreshLedger) => void): void {
  let postgres: TestPostgres;
  let fresh: FreshLedger;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  beforeEach(async () => {
    const ledger = await createLedger(postgres);
    fresh = { ledger, relay: await startRelay(postgres.login.port) };
    take(fresh);
  });
  afterEach(async () => {
    await fresh.ledger.close();
    await fresh.relay.cut();
  });
  afterAll(() => postgres.stop());
}
