import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { LocalStackError } from "../errors.js";

const FILE = z.strictObject({
  identities: z.array(
    z.strictObject({
      token: z.string().min(1),
      uid: z.string().min(1),
      realm: z.string().startsWith("/"),
      scopes: z.array(z.string().min(1)),
      teams: z.array(z.string().min(1)),
    }),
  ),
  machines: z.array(z.strictObject({ iid_signature: z.string().min(1) })),
});

/** Who the local identity provider knows. */
export type Identities = z.infer<typeof FILE>;
export type LocalIdentity = Identities["identities"][number];

/**
 * @param file - path of the identities
 * @param complain - told why a changed file is not taken; the last good one stays in use
 * @returns function that gives what the file holds now
 * @throws LocalStackError when the file is not sound at the first reading
 */
export function followIdentities(
  file: string,
  complain: (reason: string) => void,
): () => Identities {
  let version = versionOf(file);
  let identities = readIdentities(file);
  return () => {
    const current = versionOf(file);
    if (current === version) return identities;
    version = current;
    try {
      identities = readIdentities(file);
    } catch (error) {
      complain((error as Error).message);
    }
    return identities;
  };
}

/**
 * @param identities - who is known
 * @param token - an access token
 * @returns whose token it is, or `null`
 */
export function identityOfToken(identities: Identities, token: string): LocalIdentity | null {
  return identities.identities.find((identity) => isEqual(identity.token, token)) ?? null;
}

/**
 * @param identities - who is known
 * @param signature - signature of an instance identity document
 * @returns whether it is a machine of ours
 */
export function isKnownMachine(identities: Identities, signature: string): boolean {
  return identities.machines.some((machine) => isEqual(machine.iid_signature, signature));
}

function readIdentities(file: string): Identities {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new LocalStackError(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  const parsed = FILE.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new LocalStackError(`${file} is not sound:\n${z.prettifyError(parsed.error)}`);
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "absent" : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

function isEqual(known: string, given: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(known), digest(given));
}
