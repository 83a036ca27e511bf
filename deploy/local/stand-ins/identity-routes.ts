import type { IncomingMessage, ServerResponse } from "node:http";
import { identityOfToken, isKnownMachine, type Identities } from "./identities.js";

const TOKEN_LIFETIME_SECONDS = 3_600;
const LARGEST_DOCUMENT = 64 * 1024;

interface Answer {
  status: number;
  body: unknown;
}

const NOT_FOUND: Answer = { status: 404, body: { error: "not_found" } };

/**
 * @param identities - gives who is known at the moment
 * @returns handler of the company's token, team and machine services as Pier One calls them
 */
export function identityRoutes(identities: () => Identities) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, body } = await answer(request, identities());
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(body));
  };
}

async function answer(request: IncomingMessage, identities: Identities): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://localhost");
  switch (`${request.method ?? ""} ${url.pathname}`) {
    case "GET /health":
      return { status: 200, body: { status: "up" } };
    case "GET /oauth2/tokeninfo":
      return tokenInfo(identities, url.searchParams.get("access_token") ?? "");
    case "GET /teams-service/api/accounts/aws":
      return teams(identities, request, url.searchParams.get("member") ?? "");
    case "POST /iidinfo":
      return machine(identities, await readText(request));
    default:
      return NOT_FOUND;
  }
}

function tokenInfo(identities: Identities, token: string): Answer {
  const identity = identityOfToken(identities, token);
  if (identity === null)
    return {
      status: 400,
      body: { error: "invalid_request", error_description: "Access Token not valid" },
    };
  const { uid, realm, scopes } = identity;
  return {
    status: 200,
    body: { uid, realm, scope: scopes, expires_in: TOKEN_LIFETIME_SECONDS, token_type: "Bearer" },
  };
}

function teams(identities: Identities, request: IncomingMessage, member: string): Answer {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  if (identityOfToken(identities, token) === null)
    return { status: 401, body: { error: "unauthorized" } };
  const identity = identities.identities.find(({ uid }) => uid === member);
  return { status: 200, body: (identity?.teams ?? []).map((name) => ({ name, id: name })) };
}

function machine(identities: Identities, text: string): Answer {
  const signature = signatureIn(text);
  return signature !== null && isKnownMachine(identities, signature)
    ? { status: 200, body: { valid: true } }
    : { status: 401, body: { error: "unknown_machine" } };
}

function signatureIn(text: string): string | null {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== "object" || document === null) return null;
    const signature: unknown = Reflect.get(document, "iid_signature");
    return typeof signature === "string" ? signature : null;
  } catch {
    return null;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > LARGEST_DOCUMENT) return "";
  }
  return text;
}
