import { z } from "zod";
import { isLine } from "#registry-protocol/text.js";
import { operation } from "../operation.js";
import { NO_PARAMETERS } from "../parameters.js";
import { at } from "./schemas.js";

const session = z
  .object({
    login: z
      .object({
        uid: z.string(),
        realm: z.string(),
        kind: z.string(),
        isAdministrator: z.boolean(),
        endsAt: at.meta({ description: "When the session ends in any case." }),
        idleEndsAt: at.meta({ description: "When it ends if nobody is there." }),
      })
      .nullable()
      .meta({ description: "`null`: nobody is logged in." }),
    issuers: z
      .array(z.object({ name: z.string(), title: z.string() }))
      .meta({ description: "By whose pages one may log in, too." }),
  })
  .meta({ id: "Session" });

const line = (most: number) => z.string().max(most).refine(isLine, "wanted one line");

const newSession = z
  .strictObject({
    user: line(255).default("oauth2").meta({
      description: "As for `docker login`; `oauth2` for an access token.",
      example: "oauth2",
    }),
    password: line(16_384).min(1).meta({ description: "Password, token or secret." }),
  })
  .meta({ id: "NewSession" });

const common = {
  ...({ by: "gateway", path: "/session", who: "nobody-in-particular" } as const),
  ...({ group: "Sessions", parameters: NO_PARAMETERS, query: NO_PARAMETERS } as const),
};

export const readSession = operation({
  ...common,
  id: "session.read",
  method: "GET",
  summary: "Who is logged in on the web page",
  description:
    "By the cookie that `POST` gave, which counts together with the header `X-Wharfinger-Page` alone: `active`, or `background` for what a page asks by itself, which does not renew the session.",
  answers: { 200: { description: "Who that is.", schema: session } },
});

export const beginSession = operation({
  ...common,
  id: "session.begin",
  method: "POST",
  summary: "Logs in on the web page",
  description:
    "With what `docker login` takes; wrong ones count with those. The cookie is for pages of this origin, and no script reads it.",
  body: newSession,
  bodyBytes: 65_536,
  answers: { 200: { description: "Who is logged in now.", schema: session } },
});

export const endSession = operation({
  ...common,
  id: "session.end",
  method: "DELETE",
  summary: "Logs out on the web page",
  description: "At every replica at once.",
  answers: { 204: { description: "Nobody is logged in any more.", schema: null } },
});

const OF_ISSUER = z.object({
  issuer: z.string().max(32).meta({
    description: "The issuer's name in `PAGE_LOGINS_FILE`.",
    example: "company",
  }),
});

export const beginOidcLogin = operation({
  ...common,
  id: "session.begin-oidc",
  method: "GET",
  path: "/session/oidc/{issuer}",
  parameters: OF_ISSUER,
  query: z.object({
    to: z.string().max(2_048).default("").meta({
      description: "Where the page goes then, below `/ui/`.",
      example: "repositories/alpha/app/-/",
    }),
  }),
  summary: "Sends a browser to an OpenID provider's page to log in",
  description:
    "Authorization code flow with PKCE. A cookie of ten minutes holds what the way back is checked by. Other sites' pages are answered with the login of ours.",
  answers: {
    302: { description: "To the issuer; to `/ui/login` if it cannot be asked.", schema: null },
  },
});

export const endOidcLogin = operation({
  ...common,
  id: "session.end-oidc",
  method: "GET",
  path: "/session/oidc/{issuer}/callback",
  parameters: OF_ISSUER,
  query: z.object({
    code: z.string().optional().meta({ description: "What tokens are given for, once." }),
    state: z.string().optional().meta({ description: "As the browser was sent away with it." }),
    iss: z.string().optional().meta({ description: "Who sends it back (RFC 9207)." }),
    error: z.string().optional().meta({ description: "Why there is no code." }),
  }),
  summary: "Where an OpenID provider sends a browser back to",
  description:
    "The issuer's ID token is verified as that of any login (`LOGINS_FILE`); the cookie is that of `POST /session`. What goes wrong is told on the page: `/ui/login?problem=`.",
  answers: {
    302: { description: "To where somebody wanted to go, or to `/ui/login`.", schema: null },
  },
});
