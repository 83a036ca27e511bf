import { hostname, userInfo } from "node:os";
import type { AuditActor } from "./entry.js";
import { UsageError } from "#service-kit/command.js";

/** Accounts of machines and images, which say nothing of who is at work. */
const NOBODYS_ACCOUNTS = ["root", "node", "nobody", "wharfinger", "toor", "daemon"];

/** What looks like another letter, or shows nothing, would make one person look like another. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/;

/** Where a command runs. */
export interface CommandPlace {
  /** Account that it runs as. */
  readonly account: string;
  readonly host: string;
}

/**
 * @param by - name that was given with `--by`; `undefined`: none was
 * @param env - environment of the command
 * @param place - where it runs; absent: here
 * @returns whoever runs it, for the audit log: who says so, else who has become another by sudo, else whose account it is. As
 *   program stands the account, which nobody chooses
 * @throws UsageError where that is nobody's in particular, or a name is none
 */
export function operator(
  by: string | undefined,
  env: NodeJS.ProcessEnv,
  { account, host }: CommandPlace = here(),
): AuditActor {
  if (by !== undefined && !NAME.test(by))
    throw new UsageError("--by: wanted a name of at most 100 letters, digits and . _ @ + -");
  const known = [by, env["SUDO_USER"], account].find(
    (name) => name !== undefined && NAME.test(name) && !NOBODYS_ACCOUNTS.includes(name),
  );
  if (known === undefined)
    throw new UsageError(
      `--by: wanted the name of whoever does this, for the audit log; the account ${account} is nobody's in particular`,
    );
  const where = { address: host, userAgent: `run as ${account}`, requestId: "" };
  return { uid: known, realm: "", kind: "command", ...where };
}

function here(): CommandPlace {
  return { account: userInfo().username, host: hostname() };
}
