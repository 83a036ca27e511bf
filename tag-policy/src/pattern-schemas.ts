import { z } from "zod";
import { faultOf } from "#access-policy/fault-of.js";
import { GlobError, repositoryGlob } from "#access-policy/glob.js";
import { tagGlobFault } from "./tag-glob.js";

/** A glob over full repository names, without templates. */
export const repositoryPattern = z.string().superRefine((text, ctx) => {
  const fault = repositoryFault(text);
  if (fault !== null) ctx.addIssue(fault);
});

/** A glob over namespaces; it stands for all that is in them. */
export const namespacePattern = repositoryPattern.refine(
  (text) => !text.includes("/") && text !== "**",
  "a namespace is one path component",
);

/** Globs over tags. */
export const tagPatterns = z
  .array(
    z.string().superRefine((text, ctx) => {
      const fault = tagGlobFault(text);
      if (fault !== null) ctx.addIssue(fault);
    }),
  )
  .min(1)
  .max(100);

function repositoryFault(text: string): string | null {
  const fault = faultOf(GlobError, () => repositoryGlob(text));
  if (fault !== null) return fault;
  return repositoryGlob(text).variables.length === 0
    ? null
    : "templates such as ${team} mean nothing here";
}
