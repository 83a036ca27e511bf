import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const MOST = { perClient: 2, perIdentity: 3 };
const BOUND = { service: "wharfinger", client_id: "docker" };

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer({ refreshTokensMost: MOST });
});
afterAll(() => server.stop());

const post = (fields: object) =>
  server.http
    .post("/token")
    .type("form")
    .send({ ...BOUND, ...fields });
const password = { grant_type: "password", access_type: "offline", username: "oauth2" };
async function logIn(token: string): Promise<string> {
  const answer = await post({ ...password, password: token });
  return (answer.body as { refresh_token: string }).refresh_token;
}
const show = (token: string) => post({ grant_type: "refresh_token", refresh_token: token });
const refresh = async (token: string): Promise<number> => (await show(token)).status;

test("a refresh token outlives that its login cannot be used, which is no verdict on what was shown", async () => {
  const token = await logIn("alice-token");
  const { identities } = server.company;
  const isAlice = ({ uid }: { uid: string }) => uid === "alice";
  server.company.identities = identities.map((one) =>
    isAlice(one) ? { ...one, uid: "robot-alpha-ci" } : one,
  );
  expect(await refresh(token)).toBe(401);
  server.company.identities = identities;
  // Longer than a refusal is remembered.
  server.advance(60);
  expect(await refresh(token)).toBe(200);
});

test("a refresh token of before kinds of logins were noted is its owner's, whatever the kind; one of another kind is not", async () => {
  const token = await logIn("alice-token");
  const noted = (kind: string | null) =>
    server.db.query("update token_server.refresh_token set kind = $1 where uid = 'alice'", [kind]);
  await noted(null);
  expect(await refresh(token)).toBe(200);
  await noted("ldap");
  expect(await refresh(token)).toBe(401);
});

test.each([
  [
    "whose time is over is said to have expired",
    "expires_at = now() - interval '1 second'",
    "the refresh token has expired",
  ],
  [
    "that its owner has ended is said to be",
    "revoked_at = now(), end_reason = 'revoked'",
    "the refresh token was ended by its owner",
  ],
])("a refresh token %s, and nobody is asked about its login", async (_what, change, said) => {
  const token = await logIn("alice-token");
  await server.db.query(`update token_server.refresh_token set ${change} where uid = 'alice'`);
  const { identities } = server.company;
  server.company.identities = [];
  const answer = await show(token);
  server.company.identities = identities;
  expect(answer.status).toBe(401);
  expect(answer.text).toContain(said);
});

test("logins leave no more refresh tokens behind that have ended than there may be", async () => {
  for (let login = 0; login < 8; login += 1) await logIn("bob-token");
  const { rowCount } = await server.db.query(
    "select from token_server.refresh_token where uid = 'bob'",
  );
  expect(rowCount).toBe(MOST.perClient + MOST.perIdentity);
});
