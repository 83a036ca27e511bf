import { afterEach, beforeEach } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import type { TestLedger } from "#tests/support/ledger.js";
import type { TcpRelay } from "#tests/support/tcp-relay.js";
import { useFreshLedger, type FreshLedger } from "#tests/support/use-ledger.js";
import { keepingSink, testDispatcher, type KeepingSink, type TestDispatcher } from "./outbox.js";

/** What the tests of the outbox work with. */
export interface OutboxParts {
  readonly ledger: TestLedger;
  /** A way to the ledger's Postgres. */
  readonly relay: TcpRelay;
  readonly db: Database;
  readonly sink: KeepingSink;
  /** Starts a gateway's dispatcher, which ends with the test. */
  readonly start: (...args: Parameters<typeof testDispatcher>) => Promise<TestDispatcher>;
}

/**
 * A new ledger and a sink that keeps what it gets before each test of a file.
 *
 * @param take - gets them before each test
 */
export function useOutbox(take: (parts: OutboxParts) => void | Promise<void>): void {
  let fresh: FreshLedger;
  let running: TestDispatcher[];
  // Hooks of one kind run in this order: dispatchers end before their ledger.
  afterEach(() => Promise.all(running.map((each) => each.stop())));
  useFreshLedger((made) => {
    fresh = made;
  });
  beforeEach(async () => {
    running = [];
    const start = async (...args: Parameters<typeof testDispatcher>) => {
      const started = testDispatcher(...args);
      running.push(started);
      await started.start();
      return started;
    };
    const { ledger, relay } = fresh;
    await take({ ledger, relay, db: ledger.open(), sink: keepingSink(), start });
  });
}
