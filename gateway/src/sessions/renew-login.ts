import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "#registry-protocol/faults.js";
import type { KeptLogin, Renewal } from "./kept-login.js";

/** Gets the next login by what was kept for it. @throws Fault UNAUTHORIZED when the issuer refuses, UNAVAILABLE else */
export type RenewLogin = (
  renewal: Renewal & { readonly refreshToken: string },
) => Promise<KeptLogin>;

/** One session, as far as its login goes on. */
export interface RenewalSteps {
  readonly renew: RenewLogin;
  /** @returns whether nobody else renews it now */
  readonly claim: () => Promise<boolean>;
  readonly store: (login: KeptLogin) => Promise<void>;
  /** @returns what it has now; `null`: it has ended */
  readonly readAgain: () => Promise<KeptLogin | null>;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** So long before its end the next one is asked for: whoever asks meanwhile goes on with the one that is there. */
const BEFORE_END_SECONDS = 30;
const LOOK_AGAIN_MILLISECONDS = 200;
/** Of who renews it, and has an answer within 10 s. */
const MOST_LOOKS = 55;

/**
 * One gateway alone asks for the next login: an issuer that gives a new refresh token with each takes the use of an old one for a
 * theft, and ends them all (RFC 9700, section 4.14.2).
 *
 * @param login - what a session has
 * @param steps - how it gets the next
 * @returns what counts now; `null`: the session has ended meanwhile
 * @throws Fault UNAUTHORIZED when it has ended for good, UNAVAILABLE when its issuer does not say
 */
export async function currentLogin(
  login: KeptLogin,
  steps: RenewalSteps,
): Promise<KeptLogin | null> {
  const { renewal } = login;
  if (renewal === null) return login;
  const { refreshToken } = renewal;
  const remainingSeconds = renewal.endsAt - steps.now() / 1_000;
  if (remainingSeconds > BEFORE_END_SECONDS) return login;
  const isOver = remainingSeconds <= 0;
  // The token server says so, and for how long it bears that clocks differ.
  if (refreshToken === null) return login;
  if (!(await steps.claim())) return isOver ? renewedElsewhere(login, steps) : login;
  try {
    const next = await steps.renew({ ...renewal, refreshToken });
    await steps.store(next);
    return next;
  } catch (error) {
    // Until the one that is there ends, an issuer that does not answer takes nothing from anybody.
    if (!isOver && error instanceof Fault && error.code === "UNAVAILABLE") return login;
    throw error;
  }
}

async function renewedElsewhere(
  login: KeptLogin,
  { readAgain }: Pick<RenewalSteps, "readAgain">,
): Promise<KeptLogin | null> {
  for (let attempt = 0; attempt < MOST_LOOKS; attempt += 1) {
    await wait(LOOK_AGAIN_MILLISECONDS);
    const now = await readAgain();
    if (now === null || now.authorization !== login.authorization) return now;
  }
  throw new Fault("UNAVAILABLE", {
    message: "the login could not be renewed for the moment, try again",
  });
}
