/** Environment variables that wharf reads, and what they are. */
export const VARIABLES = {
  WHARF_URL: "the gateway",
  WHARF_TOKEN: "an OAuth access token or user:password",
} as const;
