import { askedService } from "../safeguards/asked-service.js";
import { decodeDocument } from "./document-text.js";
import { parseInstanceDocument, type InstanceDocument } from "./instance-document.js";
import { refusedMachine, type MachineCheck } from "./machine.js";
import { parseSignedData } from "./signed-data.js";

const TIMEOUT_MILLISECONDS = 2_000;

/**
 * @param iidinfoUrl - URL of the company's service that knows its machines, asked as Pier One does
 * @param now - current time in milliseconds since the epoch
 * @returns a check that asks it
 */
export function iidinfoCheck(iidinfoUrl: string, now: () => number): MachineCheck {
  const ask = askedService({
    name: "the instance identity service",
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    now,
  });
  return async (document) => {
    const { status } = await ask(new URL(iidinfoUrl), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ iid_signature: document }),
    });
    if (status !== 200) throw refusedMachine("the machine is not known");
    // The service has verified the signature: only now is there a reason to believe the content.
    return contentOf(document);
  };
}

function contentOf(document: string): InstanceDocument | null {
  const ber = decodeDocument(document);
  try {
    return ber === null ? null : parseInstanceDocument(parseSignedData(ber).content);
  } catch {
    return null;
  }
}
