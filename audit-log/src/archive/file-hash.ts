import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** @returns SHA-256 of a file, in hexadecimal */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
