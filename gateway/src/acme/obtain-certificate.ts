import type { Outgoing } from "#service-kit/http/outgoing.js";
import type { AcmeSettings, ChallengeKind } from "./settings.js";
import type { Challenge } from "./sql.js";

/** Who asks an authority. */
export interface Account {
  /** PEM. */
  readonly keyPem: string;
  /** `null`: the authority does not know it yet. */
  readonly url: string | null;
}

/** What asking for a certificate needs. */
export interface ObtainDeps {
  /** By which the authority is asked. */
  readonly connections: Outgoing;
  /** Has every gateway answer a challenge. */
  readonly answer: (challenge: Challenge) => Promise<void>;
  /** Told who we are, once the authority knows. */
  readonly known: (url: string) => Promise<void>;
}

/** One answer of the authority. */
const ANSWER_MILLISECONDS = 20_000;
/** Until a name is found to be ours. */
const PATIENCE = { backoffAttempts: 20, backoffMin: 1_000, backoffMax: 8_000 };

/**
 * Asks for a certificate as RFC 8555 says, by acme-client: account, order, challenges, certificate. Loaded by whoever needs it alone.
 *
 * @param settings - for which names, from whom
 * @param account - who asks
 * @param deps - connections, and who is told of challenges
 * @returns certificate and key, as PEM
 * @throws Error of the library, with the authority's own words
 */
export async function obtainCertificate(
  settings: AcmeSettings,
  account: Account,
  deps: ObtainDeps,
): Promise<{ readonly certificate: string; readonly keyPem: string }> {
  const { directory, names, email, challenge: kind } = settings;
  const acme = await acmeBy(deps.connections);
  const client = new acme.Client({
    directoryUrl: directory,
    accountKey: account.keyPem,
    ...(account.url === null ? {} : { accountUrl: account.url }),
    ...PATIENCE,
  });
  if (account.url === null) {
    const contact = email === null ? {} : { contact: [`mailto:${email}`] };
    await client.createAccount({ termsOfServiceAgreed: true, ...contact });
    await deps.known(client.getAccountUrl());
  }
  const key = await acme.crypto.createPrivateEcdsaKey();
  const [, csr] = await acme.crypto.createCsr({ altNames: [...names] }, key);
  const certificate = await client.auto({
    csr,
    termsOfServiceAgreed: true,
    challengePriority: [kind],
    // From here the way may be another one than the authority's.
    skipChallengeVerification: true,
    challengeCreateFn: async ({ identifier }, asked, keyAuthorization) => {
      refuseOther(asked.type, kind);
      const { token } = asked as { readonly token: string };
      await deps.answer({ kind, name: identifier.value, token, keyAuthorization });
    },
    challengeRemoveFn: () => Promise.resolve(),
  });
  return { certificate, keyPem: key.toString() };
}

/** @returns a new key of an account, as PEM */
export async function newAccountKey(): Promise<string> {
  const { crypto } = await import("acme-client");
  return (await crypto.createPrivateEcdsaKey()).toString();
}

/**
 * @param name - that an authority asks for by TLS
 * @param keyAuthorization - what it wants to see
 * @returns the certificate that shows it (RFC 8737 section 3), and its key
 */
export async function challengeCertificate(name: string, keyAuthorization: string) {
  const { crypto } = await import("acme-client");
  const identified = { identifier: { type: "dns", value: name } };
  const [key, certificate] = await crypto.createAlpnCertificate(
    identified as Parameters<typeof crypto.createAlpnCertificate>[0],
    keyAuthorization,
    await crypto.createPrivateEcdsaKey(),
  );
  return { certificatePem: certificate.toString(), keyPem: key.toString() };
}

/** The library has one HTTP client for the whole process; nobody else here uses it. */
async function acmeBy(connections: Outgoing) {
  const acme = await import("acme-client");
  const defaults = acme.axios.defaults as typeof acme.axios.defaults & {
    acmeSettings: { retryMaxAttempts: number; retryDefaultDelay: number };
  };
  // The attempt as a whole is made again later, and by whichever replica.
  Object.assign(defaults.acmeSettings, { retryMaxAttempts: 1, retryDefaultDelay: 1 });
  defaults.proxy = false;
  defaults.timeout = ANSWER_MILLISECONDS;
  defaults.maxRedirects = 0;
  defaults.httpsAgent = connections.to(new URL("https://authority.invalid")).kept;
  return acme;
}

/** The library takes any other where the wanted one is not offered. */
function refuseOther(type: string, kind: ChallengeKind): void {
  if (type !== kind) throw new Error(`the authority does not offer ${kind}`);
}
