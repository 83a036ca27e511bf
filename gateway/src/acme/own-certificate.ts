import type { TlsServing } from "#service-kit/http/tls-serving.js";
import type { Outgoing } from "#service-kit/http/outgoing.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Sealer } from "#service-kit/signing/sealer.js";
import { selfSigned } from "#service-kit/signing/self-signed.js";
import type { Database } from "#service-kit/db/pool.js";
import type { CertificatePair } from "#service-kit/tls/certificate-pair.js";
import { describe } from "#service-kit/tls/follow-certificate.js";
import { keepSealed, openAccount, openKept, sealKey } from "./kept-keys.js";
import { challengeCertificate, obtainCertificate } from "./obtain-certificate.js";
import { isDue, waitSeconds } from "./renewal.js";
import type { AcmeSettings } from "./settings.js";
import {
  answerOfName,
  forgetChallenges,
  noteFailure,
  readCertificate,
  writeCertificate,
  writeChallenge,
  type CertificateId,
} from "./sql.js";

/** A certificate that gateways get themselves, and share. */
export interface OwnCertificate {
  readonly serving: TlsServing;
  /** @returns when it ends, in seconds since the epoch; `null`: none was issued yet */
  readonly endsAt: () => number | null;
  readonly part: Component;
}

/** What getting a certificate needs. */
export interface OwnCertificateDeps {
  readonly db: Database;
  /** Does something while nobody else does, on whatever machine; gives up when somebody else is at it. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly sealer: Sealer;
  readonly connections: Outgoing;
  readonly log: Logger;
  /** Clock, in milliseconds. */
  readonly now: () => number;
  /** Absent: each minute, and each two seconds until there is one. */
  readonly lookMilliseconds?: number;
  /** Told of each attempt. */
  readonly count: (outcome: "issued" | "failed") => void;
}

const LOOK_MILLISECONDS = 60_000;
/** Whoever has none looks more often: another one may be getting it. */
const LOOK_FOR_FIRST_MILLISECONDS = 2_000;
const DAY_SECONDS = 86_400;

/**
 * Looks each minute whether the ledger has another certificate, and, when its last third has begun, has one replica get the next one.
 * Until there is one at all a certificate is served that nobody trusts.
 *
 * @param settings - for which names, from whom
 * @param deps - ledger, keys that seal, and connections
 * @returns the certificate
 */
export async function ownCertificate(
  settings: AcmeSettings,
  deps: OwnCertificateDeps,
): Promise<OwnCertificate> {
  const { db, log, now, sealer } = deps;
  const id = idOf(settings);
  const listeners: (() => void)[] = [];
  const seconds = () => Math.floor(now() / 1_000);
  const asked = { names: settings.names, now: seconds(), endsAt: seconds() + DAY_SECONDS };
  const placeholder = await selfSigned(asked);
  let pair: CertificatePair | null = null;
  const take = (next: CertificatePair | null) => {
    if (next === null || next.certificatePem === pair?.certificatePem) return;
    pair = next;
    log.info({ event: "tls.certificate", ...describe(next) });
    for (const listener of listeners) listener();
  };
  const attempt = async () => {
    const kept = await readCertificate(db, id);
    take(openKept(kept, id, sealer));
    if (!isDue(pair, seconds()) || !kept.isAttemptDue) return;
    try {
      await getCertificate(settings, deps);
      take(openKept(await readCertificate(db, id), id, sealer));
      deps.count("issued");
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      const wait = waitSeconds(kept.failures + 1);
      await noteFailure(db, id, { fault, waitSeconds: wait });
      log.error({ event: "acme.failed", names: settings.names, reason: fault, waitSeconds: wait });
      deps.count("failed");
    }
  };
  const look = async () => {
    const kept = await readCertificate(db, id);
    take(openKept(kept, id, sealer));
    await keepSealed(db, kept, id, sealer);
    if (isDue(pair, seconds()) && kept.isAttemptDue) await deps.alone(attempt);
  };
  const failing = lastingWarning(log, "acme.not-looked");
  const part = repeating("certificate by ACME", 0, async (stopping) => {
    // An attempt takes minutes: whoever stops leaves it, and the lock with it.
    await unlessAborted(look(), stopping).then(failing.worked, failing.failed);
    const usual = pair === null ? LOOK_FOR_FIRST_MILLISECONDS : LOOK_MILLISECONDS;
    return deps.lookMilliseconds ?? usual;
  });
  return {
    serving: {
      current: () => pair ?? placeholder,
      onChange: (listener) => listeners.push(listener),
      ...(settings.challenge === "tls-alpn-01" && { challenge: challengeOf(settings, db) }),
    },
    endsAt: () => pair?.endsAt ?? null,
    part,
  };
}

async function getCertificate(
  settings: AcmeSettings,
  { db, sealer, connections }: OwnCertificateDeps,
): Promise<void> {
  const id = idOf(settings);
  const account = await openAccount(db, settings.directory, sealer);
  const answer = (challenge: Parameters<typeof writeChallenge>[1]) => writeChallenge(db, challenge);
  await forgetChallenges(db);
  try {
    const { known } = account;
    const made = await obtainCertificate(settings, account, { connections, answer, known });
    const sealedKey = sealKey(made.keyPem, id, sealer);
    await writeCertificate(db, id, { certificate: made.certificate, sealedKey });
  } finally {
    await forgetChallenges(db);
  }
}

/** Names that are not ours are not looked for: anybody may ask. */
function challengeOf({ names }: AcmeSettings, db: Database): NonNullable<TlsServing["challenge"]> {
  return async (name) => {
    if (!names.includes(name)) return null;
    const answer = await answerOfName(db, name);
    return answer === null ? null : challengeCertificate(name, answer);
  };
}

function idOf({ directory, names }: AcmeSettings): CertificateId {
  return { directory, names: names.join() };
}

/** The signal lives as long as the process: what listens to it goes with each look. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", leave);
    work.then(leave, (error: unknown) => {
      signal.removeEventListener("abort", leave);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
    function leave(): void {
      signal.removeEventListener("abort", leave);
      resolve();
    }
  });
}
