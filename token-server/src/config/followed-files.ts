import { FOLLOWED_BY_ALL } from "#service-kit/files-read-once.js";

/** Variables of files whose changes count while the process runs (`docs/operations.md`, "Files that change"). */
export const FOLLOWED_FILES: readonly string[] = [
  ...FOLLOWED_BY_ALL,
  "LOGINS_FILE",
  "DIRECTORY_FILE",
  "POLICY_FILE",
  "GATEWAY_TRUST_FILE",
];
