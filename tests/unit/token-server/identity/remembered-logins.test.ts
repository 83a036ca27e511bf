import { describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import type { VerifiedLogin } from "#token-server/identity/identity-source.js";
import { rememberedLogins } from "#token-server/identity/safeguards/remembered-logins.js";
import { oauthIdentity } from "#tests/support/identities.js";
import { testClock } from "#tests/integration/logins/support/clock.js";
import { credentials } from "#tests/integration/logins/support/logins.js";

const ALICE = credentials("alice", "right");

describe("remembered logins", () => {
  test("spare the second check of equal credentials until the time is over", async () => {
    const { verify, clock, checks } = memory({ seconds: 60 });
    await verify(ALICE);
    clock.advance(59);
    await verify(ALICE);
    expect(checks()).toBe(1);
    clock.advance(1);
    await verify(ALICE);
    expect(checks()).toBe(2);
  });

  test("do not last as long as a clock was ahead by which they were verified", async () => {
    const { verify, clock, checks } = memory({ seconds: 60 });
    await verify(ALICE);
    clock.advance(-10 * 3_600);
    await verify(ALICE);
    expect(checks()).toBe(2);
  });

  test("do not keep wrong credentials wrong as long as a clock was ahead", async () => {
    const { verify, clock, checks } = memory({ seconds: 60, failure: new Fault("UNAUTHORIZED") });
    await expect(verify(ALICE)).rejects.toThrow(Fault);
    clock.advance(-10 * 3_600);
    await expect(verify(ALICE)).rejects.toThrow(Fault);
    expect(checks()).toBe(2);
  });

  test("never outlive the credentials themselves", async () => {
    const { verify, clock, checks } = memory({ seconds: 60, endsAfter: 10 });
    await verify(ALICE);
    clock.advance(10);
    await verify(ALICE);
    expect(checks()).toBe(2);
  });

  test("are not found by another user name or another password", async () => {
    const { verify, checks } = memory({ seconds: 60 });
    await verify(ALICE);
    await verify(credentials("alice", "other"));
    await verify(credentials("bob", "right"));
    await verify(credentials('alice","right', ""));
    expect(checks()).toBe(4);
  });

  test("check equal credentials that come at once only once", async () => {
    const { verify, checks } = memory({ seconds: 60 });
    await Promise.all([verify(ALICE), verify(ALICE), verify(ALICE)]);
    expect(checks()).toBe(1);
  });

  test("remember wrong credentials for a few seconds", async () => {
    const refusal = new Fault("UNAUTHORIZED");
    const { verify, clock, checks } = memory({ seconds: 60, failure: refusal });
    await expect(verify(ALICE)).rejects.toBe(refusal);
    clock.advance(4);
    await expect(verify(ALICE)).rejects.toBe(refusal);
    expect(checks()).toBe(1);
    clock.advance(1);
    await expect(verify(ALICE)).rejects.toBe(refusal);
    expect(checks()).toBe(2);
  });

  test("do not remember that nobody could tell", async () => {
    const { verify, checks } = memory({ seconds: 60, failure: new Fault("UNAVAILABLE") });
    await expect(verify(ALICE)).rejects.toThrow(Fault);
    await expect(verify(ALICE)).rejects.toThrow(Fault);
    expect(checks()).toBe(2);
  });

  test("go on through an outage for the stated time, and no longer", async () => {
    const { verify, clock, fail } = memory({ seconds: 60, outageSeconds: 600 });
    const login = await verify(ALICE);
    fail(new Fault("UNAVAILABLE"));
    clock.advance(599);
    await expect(verify(ALICE)).resolves.toBe(login);
    clock.advance(1);
    await expect(verify(ALICE)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("go on through an outage no longer than the credentials themselves", async () => {
    const { verify, clock, fail } = memory({ seconds: 60, outageSeconds: 600, endsAfter: 100 });
    await verify(ALICE);
    fail(new Fault("UNAVAILABLE"));
    clock.advance(100);
    await expect(verify(ALICE)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("end with a verdict, whatever comes after it", async () => {
    const { verify, clock, fail } = memory({ seconds: 60, outageSeconds: 600 });
    await verify(ALICE);
    clock.advance(60);
    fail(new Fault("UNAUTHORIZED"));
    await expect(verify(ALICE)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    clock.advance(10);
    fail(new Fault("UNAVAILABLE"));
    await expect(verify(ALICE)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("do not go on through a fault of our own, which is no outage", async () => {
    const { verify, fail } = memory({ seconds: 0, outageSeconds: 600 });
    await verify(ALICE);
    fail(new Fault("REQUEST_INVALID"));
    await expect(verify(ALICE)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });

  test("of one do not let another through an outage", async () => {
    const { verify, fail } = memory({ seconds: 0, outageSeconds: 600 });
    await verify(ALICE);
    fail(new Fault("UNAVAILABLE"));
    const other = verify(credentials("alice", "other"));
    await expect(other).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("once forgotten, are not brought back by a check that was still running", async () => {
    const { verify, forget, checks } = memory({ seconds: 60 });
    const running = verify(ALICE);
    forget();
    await running;
    await verify(ALICE);
    expect(checks()).toBe(2);
  });
});

interface Options {
  seconds: number;
  outageSeconds?: number;
  endsAfter?: number;
  failure?: Fault;
}

function memory({ seconds, outageSeconds, endsAfter, failure: first }: Options) {
  let failure = first;
  const clock = testClock();
  const remembered = rememberedLogins({ seconds, outageSeconds, now: clock.now });
  let checks = 0;
  const check = (): Promise<VerifiedLogin> => {
    checks += 1;
    if (failure !== undefined) return Promise.reject(failure);
    const validUntil = endsAfter === undefined ? null : clock.now() / 1000 + endsAfter;
    return Promise.resolve({ identity: oauthIdentity(), teams: null, validUntil });
  };
  return {
    clock,
    verify: (shown: typeof ALICE) => remembered.verify(shown, check),
    forget: () => {
      remembered.forget();
    },
    checks: () => checks,
    fail: (fault: Fault) => {
      failure = fault;
    },
  };
}
