import { compilePolicy } from "#access-policy/compile.js";
import { OPENSVC_RULES } from "#access-policy/opensvc-rules.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import {
  startTestTokenServer,
  type TestTokenServer,
  type TestTokenServerOptions,
} from "./token-server.js";

/** A token server with OpenSVC's rules, and what is asked of it. */
export interface OpensvcServer {
  readonly server: TestTokenServer;
  /** Changes the directory, as bob, who administers. */
  change(...changes: readonly object[]): Promise<void>;
  /** @returns status and body of a request to the REST API; by whoever has the token */
  post(path: string, body: object, token?: string): Promise<{ status: number; body: unknown }>;
  /** @returns of one action in one repository, what a token says: that it is granted, or why not; a number: no token */
  ask(
    login: readonly [name: string, secret: string],
    action: string,
    repository: string,
  ): Promise<string | number>;
  stop(): Promise<void>;
}

const LAB: PolicyRegistry = {
  service: "lab",
  restricted: false,
  publications: ["alpha", "beta"],
  responsibles: ["beta"],
};
const employee = { realm: "/employees", scopes: ["uid"] };
/** Beside alice of team alpha, and bob of team beta, who administers. */
const OTHERS = [
  { token: "mary-token", uid: "mary", ...employee, teams: ["gamma"] },
  { token: "seven-token", uid: "1", ...employee, teams: ["alpha"] },
  { token: "other-alice-token", uid: "alice", ...employee, realm: "/customers", teams: ["alpha"] },
];

/** @returns it; alice and 1 have Pusher and Puller, mary of team gamma has all privileges */
export async function startOpensvcServer(
  options: TestTokenServerOptions = {},
): Promise<OpensvcServer> {
  const policy = compilePolicy(OPENSVC_RULES);
  const server = await startTestTokenServer({
    policy: { current: () => policy },
    registry: LAB,
    ...options,
  });
  server.company.identities.push(...OTHERS);
  const post: OpensvcServer["post"] = async (path, body, token = "bob-token") => {
    const sent = server.http.post(`/api/v1${path}`).set("Authorization", `Bearer ${token}`);
    const answer = await sent.send(body);
    return { status: answer.status, body: answer.body };
  };
  const change: OpensvcServer["change"] = async (...changes) => {
    const { status, body } = await post("/directory/changes", { changes });
    if (status !== 200) throw new Error(JSON.stringify(body));
  };
  await change(
    ...["alice", "bob", "1", "mary"].map((uid) => ({
      change: "user.set",
      login: `/employees/${uid}`,
    })),
    ...["alpha", "beta"].map((name) => ({ change: "team.set", name })),
    { change: "app.set", code: "shop", responsibles: ["alpha"], publications: ["alpha"] },
    { change: "app.set", code: "vault", responsibles: ["gamma"], publications: ["gamma"] },
    ...["Pusher", "Puller"].map((privilege) => given(privilege, "alpha")),
    ...["Manager", "Pusher", "Puller"].map((privilege) => given(privilege, "/employees/mary")),
  );
  return {
    ...{ server, change, post },
    ask: async ([name, secret], action, repository) => {
      const scope = `repository:${repository}:${action}`;
      const answer = await server.http.get("/token").query({ scope }).auth(name, secret);
      if (answer.status !== 200) return answer.status;
      const { token } = answer.body as { token: string };
      const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
        access: unknown[];
        refused: { reason: string }[];
      };
      return claims.access.length > 0 ? "granted" : (claims.refused[0]?.reason ?? "");
    },
    stop: () => server.stop(),
  };
}

/**
 * @param privilege - a privilege
 * @param holder - a team, or `/realm/uid`
 * @returns the change that gives it
 */
export function given(privilege: string, holder: string): object {
  return { change: "privilege.given", privilege, holder };
}

/**
 * @param privilege - a privilege
 * @param holder - a team, or `/realm/uid`
 * @returns the change that takes it
 */
export function taken(privilege: string, holder: string): object {
  return { change: "privilege.taken", privilege, holder };
}

/**
 * @param token - token of somebody whom the company knows
 * @returns how they log in
 */
export function oauth(token: string): readonly [string, string] {
  return ["oauth2", token];
}
