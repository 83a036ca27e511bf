/** Variables of files whose changes count while the process runs (`docs/operations.md`, "Files that change"). */
export const FOLLOWED_FILES: readonly string[] = [
  "DB_PASSWORD_FILE",
  "OUTBOUND_CA_FILE",
  "LOGINS_FILE",
  "DIRECTORY_FILE",
  "POLICY_FILE",
  "GATEWAY_TRUST_FILE",
  "SIGNING_KEY_FILE",
  "SIGNING_CERTIFICATE_FILE",
  "TLS_CERTIFICATE_FILE",
  "TLS_KEY_FILE",
];
