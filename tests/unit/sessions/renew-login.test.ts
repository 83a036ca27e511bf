import { describe, expect, test } from "@jest/globals";
import type { KeptLogin } from "#gateway/sessions/kept-login.js";
import { currentLogin, type RenewalSteps } from "#gateway/sessions/renew-login.js";
import { Fault } from "#registry-protocol/faults.js";

const NOW = 1_800_000_000;

function login(
  seconds: number,
  more: { name?: string; refreshToken?: string | null } = {},
): KeptLogin {
  const { name = "first", refreshToken = "r" } = more;
  const renewal = { issuer: "company", subject: "carol", endsAt: NOW + seconds, refreshToken };
  return { authorization: `Basic ${name}`, renewal };
}

const NEXT = login(600, { name: "next" });

/** @returns what was done, and what came of it */
async function current(
  kept: KeptLogin,
  change: Partial<RenewalSteps> = {},
): Promise<{ readonly found: unknown; readonly done: readonly string[] }> {
  const done: string[] = [];
  const steps: RenewalSteps = {
    renew: () => {
      done.push("renewed");
      return Promise.resolve(NEXT);
    },
    claim: () => Promise.resolve(true),
    store: ({ authorization }) => {
      done.push(`stored ${authorization}`);
      return Promise.resolve();
    },
    readAgain: () => Promise.resolve(NEXT),
    now: () => NOW * 1_000,
    ...change,
  };
  const found = await currentLogin(kept, steps).catch((error: unknown) =>
    error instanceof Fault ? error.code : String(error),
  );
  return { found, done };
}

const refuses = (code: "UNAVAILABLE" | "UNAUTHORIZED") => () => Promise.reject(new Fault(code));

describe("a login that ends by itself", () => {
  test("is left as it is until half a minute before, and so is one that does not end", async () => {
    const kept = login(31);
    expect(await current(kept)).toEqual({ found: kept, done: [] });
    const other = { authorization: "Basic other", renewal: null };
    expect(await current(other)).toEqual({ found: other, done: [] });
  });

  test.each([[29], [0], [-3_600]])(
    "is renewed %s s before its end, and stored",
    async (seconds) => {
      expect(await current(login(seconds))).toEqual({ found: NEXT, done: ["renewed", "stored Basic next"] }); // prettier-ignore
    },
  );

  test("goes on while somebody else renews it, and is waited for when it has ended", async () => {
    const claim = () => Promise.resolve(false);
    const kept = login(10);
    expect(await current(kept, { claim })).toEqual({ found: kept, done: [] });
    expect(await current(login(-1), { claim })).toEqual({ found: NEXT, done: [] });
    const gone = { claim, readAgain: () => Promise.resolve(null) };
    expect(await current(login(-1), gone)).toEqual({ found: null, done: [] });
  });

  test("goes on to its end while the issuer does not say, and is undecided then", async () => {
    const kept = login(10);
    const renew = refuses("UNAVAILABLE");
    expect(await current(kept, { renew })).toEqual({ found: kept, done: [] });
    expect(await current(login(-1), { renew })).toEqual({ found: "UNAVAILABLE", done: [] });
  });

  test("is over as soon as the issuer refuses the next one", async () => {
    expect(await current(login(10), { renew: refuses("UNAUTHORIZED") })).toEqual({ found: "UNAUTHORIZED", done: [] }); // prettier-ignore
  });

  test("is for the token server to judge where nothing gets another one", async () => {
    const kept = login(-10, { refreshToken: null });
    expect(await current(kept)).toEqual({ found: kept, done: [] });
  });
});
