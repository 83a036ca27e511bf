import { hostname } from "node:os";
import { join } from "node:path";
import { keptSelfSigned } from "#service-kit/tls/self-signed.js";
import type { LocalTls } from "../settings.js";

/** How clients speak to a stack. */
export interface StackTls {
  readonly scheme: "http" | "https";
  /** What the gateway is told of it. */
  readonly environment: Readonly<Record<string, string>>;
}

const DAY_SECONDS = 86_400;
const GOOD_DAYS = 365;
/** One that ends sooner is made anew at a start. */
const LEFT_DAYS = 30;

/**
 * @param tls - what the person who starts the stack chose
 * @param root - folder of the stack's data
 * @param say - told what clients have to trust
 * @returns how clients speak to it
 */
export async function openStackTls(
  tls: LocalTls,
  root: string,
  say: (line: string) => void,
): Promise<StackTls> {
  if (tls === "none") return { scheme: "http", environment: {} };
  // What the gateway finds in the surroundings.
  if (tls === "given") return { scheme: "https", environment: {} };
  const now = Math.floor(Date.now() / 1_000);
  const names = [...new Set(["localhost", "127.0.0.1", "::1", hostname().toLowerCase()])];
  const asked = { names, now, endsAt: now + GOOD_DAYS * DAY_SECONDS };
  const { certificateFile, keyFile } = await keptSelfSigned(
    join(root, "tls"),
    asked,
    LEFT_DAYS * DAY_SECONDS,
  );
  say(`clients have to trust ${certificateFile} (docs/tls.md#a-trial)`);
  return {
    scheme: "https",
    environment: { TLS_CERTIFICATE_FILE: certificateFile, TLS_KEY_FILE: keyFile },
  };
}
