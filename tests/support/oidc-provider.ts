import { createServer } from "node:http";
import Provider from "oidc-provider";
import { listening } from "./test-server.js";

/** An OpenID provider as companies have one. */
export interface OidcProvider {
  /** Another site than 127.0.0.1, as browsers see it. */
  readonly issuer: string;
  readonly port: number;
  /** Whom it knows, and their groups; may be changed. */
  readonly people: Map<string, readonly string[]>;
  /** Lets clients come back there; until then it answers nothing. */
  open(redirectUris: readonly string[]): void;
  /** Answers nothing any more. */
  close(): void;
  /** How often tokens were asked for. */
  readonly tokenRequests: () => number;
  stop(): Promise<void>;
}

/** What a test can choose. */
export interface OidcProviderOptions {
  /** How long ID tokens live; absent: an hour. */
  readonly idTokenSeconds?: number;
}

export const OIDC_CLIENT = { id: "wharfinger", secret: "a secret of the registry's alone" };

/**
 * Anybody who is in `people` logs in with any password, on the page that the provider shows to developers.
 *
 * @param options - what is not the default
 * @returns a provider on this machine, which answers from `open` on
 */
export async function startOidcProvider({
  idTokenSeconds = 3_600,
}: OidcProviderOptions = {}): Promise<OidcProvider> {
  let answer: ReturnType<Provider["callback"]> | null = null;
  let tokenRequests = 0;
  const server = createServer((req, res) => {
    if (req.url === "/token") tokenRequests += 1;
    if (answer === null) res.writeHead(503).end();
    else void answer(req, res);
  });
  const { port, stop } = await listening(server);
  const issuer = `http://localhost:${port}`;
  const people = new Map<string, readonly string[]>([
    ["carol", ["alpha"]],
    ["dave", ["beta"]],
  ]);
  let opened: ReturnType<Provider["callback"]> | null = null;
  return {
    ...{ issuer, port, people, stop },
    tokenRequests: () => tokenRequests,
    open: (redirectUris) => {
      opened ??= quietly(() => providerOf(issuer, { redirectUris, people, idTokenSeconds }));
      answer = opened;
    },
    close: () => {
      answer = null;
    },
  };
}

function providerOf(
  issuer: string,
  {
    redirectUris,
    people,
    idTokenSeconds,
  }: {
    readonly redirectUris: readonly string[];
    readonly people: ReadonlyMap<string, readonly string[]>;
    readonly idTokenSeconds: number;
  },
) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: OIDC_CLIENT.id,
        client_secret: OIDC_CLIENT.secret,
        redirect_uris: [...redirectUris],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub", "groups"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a key of this test"] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    renderError: (ctx, { error }) => {
      ctx.body = error;
    },
    ttl: { IdToken: idTokenSeconds, AccessToken: 600, Grant: 3_600, Session: 3_600, Interaction: 600, RefreshToken: 3_600, AuthorizationCode: 60 }, // prettier-ignore
    findAccount: (_ctx, id) => {
      const groups = people.get(id);
      if (groups === undefined) return undefined;
      return { accountId: id, claims: () => ({ sub: id, groups: [...groups] }) };
    },
  });
  return provider.callback();
}

/** It warns of what production should not have. */
function quietly<T>(make: () => T): T {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return make();
  } finally {
    Object.assign(console, { warn, info });
  }
}
