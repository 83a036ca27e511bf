import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { IdentitySource, VerifiedLogin } from "../identity-source.js";
import { makeLogin } from "../make-login.js";
import { rememberedLogins } from "../safeguards/remembered-logins.js";
import type { InstanceDocument } from "./instance-document.js";

/** Finds out whether a machine is known. */
export interface MachineCheck {
  /**
   * @param document - instance identity document, PKCS#7 in base64 as the machine sent it
   * @returns what it says, or `null` when the machine is known and its document cannot be understood
   * @throws Fault UNAUTHORIZED for unknown machines, UNAVAILABLE when that cannot be told
   */
  (document: string): Promise<InstanceDocument | null>;
}

/** A document is handed to every process of its machine and never changes: it must not do more. */
export const MACHINE_LIMITS: Identity["limits"] = [{ repositories: "**", actions: ["pull"] }];
/** A real document has about 2,000 characters. */
const MAX_LENGTH = 16 * 1024;
const CACHE_SECONDS = 60;
/** How far our clock may be behind that of AWS. */
const CLOCK_LEEWAY_MILLISECONDS = 60_000;
const MACHINE_USER = "instance-identity-document";

/**
 * Logins `instance-identity-document:<PKCS#7>`: an EC2 instance with the document that AWS signs for it.
 *
 * @param check - by our own verification or by a service
 * @param now - current time in milliseconds since the epoch
 * @param outageSeconds - how long a machine that was known goes on while a service does not decide
 * @returns the identity source
 */
export function machineSource(
  check: MachineCheck,
  now: () => number,
  outageSeconds = 0,
): IdentitySource {
  const remembered = rememberedLogins({ seconds: CACHE_SECONDS, outageSeconds, now });
  return {
    name: "machine",
    accepts: ({ username }) => username === MACHINE_USER,
    verify: async (credentials) => {
      const document = credentials.password.reveal();
      if (document.length > MAX_LENGTH) throw refusedMachine("it is too long");
      const verified = await remembered.verify(credentials, async () =>
        toLogin(launched(await check(document), now())),
      );
      return { ...verified, accessToken: null };
    },
  };
}

/**
 * @param reason - completes "the instance identity document is refused: "
 * @returns the fault that says so
 */
export function refusedMachine(reason: string): Fault {
  return new Fault("UNAUTHORIZED", {
    message: `the instance identity document is refused: ${reason}`,
  });
}

/** @throws Fault UNAUTHORIZED for an instance that is yet to be launched: its age could not be bounded by anything */
function launched(document: InstanceDocument | null, now: number): InstanceDocument | null {
  if (document !== null && Date.parse(document.pendingTime) > now + CLOCK_LEEWAY_MILLISECONDS)
    throw refusedMachine("the instance was launched in the future");
  return document;
}

function toLogin(document: InstanceDocument | null): VerifiedLogin {
  return makeLogin("machine", {
    uid: document?.instanceId ?? "machine",
    realm: "/machines",
    claims: document === null ? {} : claimsOf(document),
    limits: MACHINE_LIMITS,
    teams: [],
  });
}

function claimsOf(document: InstanceDocument): Identity["claims"] {
  const { accountId, region, instanceId, imageId, instanceType } = document;
  return { accountId, region, instanceId, imageId, instanceType };
}
