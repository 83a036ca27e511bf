/** The headings under which operations stand, in their order. */
export const GROUPS = {
  Repositories: "What there is, of what one may pull.",
  Tags: "What they mean, and what a push of them would meet.",
  Images: "What is in them, and what they have in common.",
  Pulls: "Who pulled what.",
  Access: "Who may do what, and why.",
  Registries: "Of which this is one, and what is in all of them.",
  Robots: "Service accounts of teams.",
  Directory: "Users, applications, services and privileges that rules go by.",
  "Refresh tokens": "Logins that are kept.",
  Sessions: "Logins of the web page.",
  Operations: "For whoever runs the registry.",
} as const;

/** One of {@link GROUPS}. */
export type Group = keyof typeof GROUPS;
