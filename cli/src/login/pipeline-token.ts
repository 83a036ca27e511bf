import { z } from "zod";
import { CommandFault, UsageFault } from "../exit/faults.js";
import type { Environment } from "../config/places.js";
import type { Login } from "./login.js";

const answerSchema = z.object({ value: z.string() });
const TIMEOUT_MILLISECONDS = 10_000;
/** User name of logins by OIDC. */
const OIDC_USER = "oidc";
/** Who the token is for when nothing else is said; what docs/logins/oidc.md configures. */
export const USUAL_AUDIENCE = "wharfinger";

/**
 * @param env - environment variables
 * @returns which pipeline signs a token for its jobs, when this is one
 */
export function pipelineOf(env: Environment): "github" | "gitlab" | null {
  if (env["ACTIONS_ID_TOKEN_REQUEST_URL"] && env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]) return "github";
  if (env["GITLAB_CI"] === "true" && env["ID_TOKEN"]) return "gitlab";
  return null;
}

/**
 * @param env - environment variables of a job of GitHub Actions or GitLab CI
 * @param audience - who the token is for
 * @returns the job's login
 * @throws UsageFault when this is no such job; CommandFault when there is no token
 */
export async function pipelineLogin(env: Environment, audience: string): Promise<Login> {
  switch (pipelineOf(env)) {
    case "gitlab":
      return { user: OIDC_USER, secret: env["ID_TOKEN"] ?? "", origin: "ID_TOKEN of GitLab CI" };
    case "github":
      return { user: OIDC_USER, secret: await askGitHub(env, audience), origin: "GitHub Actions" };
    case null:
      throw new UsageFault(
        "this is no job with a token of its own",
        "GitHub Actions: permissions: { id-token: write }; GitLab CI: id_tokens: { ID_TOKEN: { aud: … } }",
      );
  }
}

async function askGitHub(env: Environment, audience: string): Promise<string> {
  const url = new URL(env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "");
  url.searchParams.set("audience", audience);
  const answer = await fetch(url, {
    headers: { Authorization: `Bearer ${env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? ""}` },
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : "failed";
    throw new CommandFault(`GitHub's token service cannot be reached: ${why}`);
  });
  const parsed = answerSchema.safeParse(answer.ok ? await answer.json().catch(() => null) : null);
  if (!parsed.success) throw new CommandFault(`GitHub gives the job no token (${answer.status})`);
  return parsed.data.value;
}
