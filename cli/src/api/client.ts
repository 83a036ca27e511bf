/** The server said no; the message is the server's own. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";
}

/** Speaks to a Wharfinger. */
export interface Client {
  /**
   * @param method - HTTP method
   * @param path - path below `/api/v1`
   * @param body - sent as JSON
   * @returns the parsed answer; `null` when it is empty
   * @throws ServerRefusal with the server's message
   */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
}

const TIMEOUT_MILLISECONDS = 30_000;

/**
 * @param url - origin of the gateway
 * @param token - the caller's OAuth access token, or `user:password` of another login
 * @returns a client of its REST API
 */
export function createClient(url: string, token: string): Client {
  const authorization = token.includes(":")
    ? `Basic ${Buffer.from(token).toString("base64")}`
    : `Bearer ${token}`;
  return {
    call: async (method, path, body) => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { Authorization: authorization, "Content-Type": "application/json" },
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new ServerRefusal(messageOf(text) ?? `HTTP ${answer.status}`);
      return text === "" ? null : (JSON.parse(text) as unknown);
    },
  };
}

function messageOf(text: string): string | null {
  try {
    const body = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    const error = body.errors?.[0];
    return error?.message === undefined ? null : `${error.code ?? ""}: ${error.message}`;
  } catch {
    return null;
  }
}
