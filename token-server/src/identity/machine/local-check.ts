import type { CertificateBundle } from "./certificates.js";
import { decodeDocument } from "./document-text.js";
import { parseInstanceDocument, type InstanceDocument } from "./instance-document.js";
import type { MachinesConfig } from "./machine-schema.js";
import { refusedMachine, type MachineCheck } from "./machine.js";
import { parseSignedData, type SignedContent } from "./signed-data.js";
import { isSignedByOneOf } from "./verify-signature.js";

/** Which machines are known. */
export interface LocalCheckOptions extends Pick<
  MachinesConfig,
  "accounts" | "regions" | "maxAgeSeconds"
> {
  readonly certificates: CertificateBundle;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * @param options - certificates of the signers, and which machines of theirs are ours
 * @returns a check that asks nobody
 */
export function localCheck(options: LocalCheckOptions): MachineCheck {
  return (document) =>
    Promise.resolve().then(() => {
      const signed = parseOrRefuse(document);
      if (!isSignedByOneOf(signed, options.certificates.keysAt(options.now())))
        throw refusedMachine("it is not signed by a trusted certificate");
      const machine = readOrRefuse(signed.content);
      const reason = whyForeign(machine, options);
      if (reason !== null) throw refusedMachine(reason);
      return machine;
    });
}

function parseOrRefuse(document: string): SignedContent {
  const ber = decodeDocument(document);
  if (ber === null) throw refusedMachine("it is no PKCS#7 in base64");
  try {
    return parseSignedData(ber);
  } catch {
    throw refusedMachine("it is no PKCS#7 with its content inside and exactly one signer");
  }
}

function readOrRefuse(content: Buffer): InstanceDocument {
  try {
    return parseInstanceDocument(content);
  } catch {
    throw refusedMachine("its content is no instance identity document");
  }
}

function whyForeign(machine: InstanceDocument, options: LocalCheckOptions): string | null {
  const { accounts, regions, maxAgeSeconds, now } = options;
  if (!accounts.includes(machine.accountId)) return `account ${machine.accountId} may not log in`;
  if (!regions.includes(machine.region)) return `region ${machine.region} may not log in`;
  const ageSeconds = (now() - Date.parse(machine.pendingTime)) / 1000;
  if (maxAgeSeconds !== undefined && ageSeconds > maxAgeSeconds)
    return "the instance was launched too long ago";
  return null;
}
