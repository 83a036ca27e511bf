import type { Judged } from "./judged.js";
import { all, UNREACHABLE } from "./judged-places.js";

/** Guards in what rules and signatures are decided by that nobody can notice, and why that is right: they are there for the compiler. */
export const IN_THE_RULES: readonly Judged[] = [
  ...all("token-server/src/token/decide-view.ts", UNREACHABLE, ['second === "teams-needed"']),
  {
    file: "token-server/src/api/search-together.ts",
    text: '"items" in answer',
    reason: "what has not answered has not said that there is more",
  },
  ...all("token-server/src/routes/view-routes.ts", UNREACHABLE, ['typeof digest === "string"']),
  {
    file: "token-server/src/registries/manage-registries.ts",
    text: "registry === null",
    within: "changeRegistry",
    reason: "its row is locked by the same transaction: it fails loudly in place of silently",
  },
  {
    file: "access-policy/src/explain.ts",
    text: 'decision.allow !== "teams-needed"',
    reason: "a decision that waits for teams has no rule, so it is no rule's either",
  },
  {
    file: "access-policy/src/grounds.ts",
    text: "part === undefined",
    reason: "whatever is asked for takes one action at least: it stands for the compiler",
  },
  {
    file: "access-policy/src/judge-again.ts",
    text: 'decision.allow === "teams-needed"',
    reason: "teams are given with every question here: it fails loudly in place of silently",
  },
  {
    file: "access-policy/src/who-can.ts",
    text: 'typeof who === "object"',
    reason: "a word has no kinds, so it is not about those kinds alone either",
  },
  {
    file: "service-kit/src/signing/certificate-chain.ts",
    text: "one !== null",
    reason:
      "a certificate that nobody vouches for was refused right before: it stands for the compiler",
  },
  {
    file: "tag-policy/src/judge-again.ts",
    text: '!("digest" in state)',
    reason: "what has no digest has another one than any that is pushed",
  },
];
