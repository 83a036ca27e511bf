import { join } from "node:path";
import { giveUpCommonAuthority } from "#service-kit/signing/common-authority.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { renewAuthorityInTime, renewKeys, type Renewed } from "#service-kit/signing/renew.js";
import { GATEWAY_BUNDLE } from "#service-kit/signing/trust-folder.js";

const RENEWAL = { lifetimeSeconds: 14 * 86_400, ahead: 1 };
/** An authority that ends within that time is replaced: the registry is about to start anyway. */
const AUTHORITY_LEFT_SECONDS = 90 * 86_400;
const LOOK_MILLISECONDS = 6 * 3_600_000;

/** The local stack's keys. */
export interface LocalKeys {
  /** Folder of all services' keys. */
  readonly directory: string;
  /** Folder of what everybody may read. */
  readonly trust: string;
  /** Certificates of the authorities that certify the gateway's keys: what registry and token server trust. */
  readonly gatewayBundle: string;
}

/**
 * Does what an operator does: sees to it that the gateway has keys, today and as long as the stack runs. No service is
 * told where the authority's key is.
 *
 * @param root - folder of the keys
 * @param options - told of keys that could not be renewed, a line each, and when to stop
 * @returns where the keys are
 */
export async function openLocalKeys(
  root: string,
  { say, stopping }: { readonly say: (line: string) => void; readonly stopping: AbortSignal },
): Promise<LocalKeys> {
  const folders = operatorFolders(root);
  const renew = (): Promise<Renewed> => renewKeys(folders, RENEWAL, seconds());
  if (await giveUpCommonAuthority(folders))
    say("keys: services have authorities of their own now; the common one is given up");
  if (await renewAuthorityInTime(folders, AUTHORITY_LEFT_SECONDS, seconds()))
    say("keys: the authority ends soon, another one certifies from now on");
  await renew();
  const timer = setInterval(() => {
    renew().catch((error: unknown) => {
      say(`THE GATEWAY'S KEYS COULD NOT BE RENEWED: ${String(error)}`);
    });
  }, LOOK_MILLISECONDS);
  stopping.addEventListener("abort", () => {
    clearInterval(timer);
  });
  return {
    directory: folders.keys,
    trust: folders.trust,
    gatewayBundle: join(folders.trust, GATEWAY_BUNDLE),
  };
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
