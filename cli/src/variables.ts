/** Environment variables of wharf's own, and what they are; docs/cli.md has those that others set, too. */
export const VARIABLES = {
  WHARF_URL: "the gateway",
  WHARF_TOKEN: "an OAuth access token or user:password",
  WHARF_CONTEXT: "name of the context that counts, in place of the current one",
  WHARF_CONFIG_DIR: "folder of wharf's own settings, in place of the system's usual one",
} as const;
