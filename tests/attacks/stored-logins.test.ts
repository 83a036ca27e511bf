import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { decodeJwt } from "jose";
import type { LimitReport } from "#token-server/limits/limit-report.js";
import { readLogins } from "#token-server/logins/config.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { readableLog } from "../integration/logins/support/log.js";

/** What `docker login` stored works everywhere: in docker's own other commands, and shown as a password. */

const SCOPE = "repository:alpha/app:pull,push";
const PREFIX = "wharf_rt_";
/** Passwords that look like refresh tokens: with their prefix, and as those of before. */
const LIKE_A_TOKEN = PREFIX + "A".repeat(43);
const LIKE_AN_OLD_TOKEN = "B".repeat(43);
const LIMITS = { failuresPerSource: 3, failuresPerAccount: 3, windowSeconds: 60 };

let folder: TemporaryFolder;
let server: TestTokenServer;
let restricted: TestTokenServer;
const log = readableLog();
const failed: string[] = [];
const report: LimitReport = {
  failed: (_source, _credential, shown = "password") => {
    failed.push(shown);
  },
  limited: () => undefined,
};

beforeAll(async () => {
  folder = await temporaryFolder();
  const file = join(folder.path, "users");
  const hashOf = (password: string) => bcrypt.hash(password, 4);
  await writeFile(
    file,
    `carol:${await hashOf(LIKE_A_TOKEN)}\ndora:${await hashOf(LIKE_AN_OLD_TOKEN)}\n`,
  );
  const htpasswd = { file, realm: "/people", cacheSeconds: 0 };
  const logins = { ...readLogins(null), tokeninfo: { cacheSeconds: 0 }, htpasswd };
  [server, restricted] = await Promise.all([
    startTestTokenServer({ identity: { logins }, log: log.log, limits: LIMITS, report }),
    startTestTokenServer({ refreshTokenClients: ["docker", "regclient/regctl*"] }),
  ]);
});
afterAll(async () => {
  await server.stop();
  await restricted.stop();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly body: { access_token?: string; refresh_token?: string; errors?: { message: string }[] };
}

async function logIn(to: TestTokenServer, clientId: string, user = "alice"): Promise<Answer> {
  return to.http
    .get("/token")
    .query({ service: "wharfinger", offline_token: "true", client_id: clientId, account: user })
    .auth("oauth2", `${user}-token`);
}

async function stored(to = server, user = "alice"): Promise<string> {
  const { body } = await logIn(to, "docker", user);
  return body.refresh_token ?? "";
}

function post(fields: Record<string, string>, to = server, address = "192.0.2.1") {
  return to.http
    .post("/token")
    .set("X-Forwarded-For", address)
    .type("form")
    .send({
      service: "wharfinger",
      scope: SCOPE,
      ...fields,
    }) as unknown as Promise<Answer>;
}

const refresh = (token: string, client?: string, to = server, address?: string) =>
  post(
    {
      ...{ grant_type: "refresh_token", refresh_token: token },
      ...(client === undefined ? {} : { client_id: client }),
    },
    to,
    address,
  );

function subjectOf({ status, body }: Answer): unknown {
  return status === 200 ? decodeJwt(body.access_token ?? "").sub : status;
}

const messageOf = ({ body }: Answer) => body.errors?.[0]?.message;

describe("what docker login stored", () => {
  test.each([
    ["docker", "docker"],
    ["docker's manifest and trust commands", "registry-client"],
    ["BuildKit", "buildkit-client"],
    ["containerd", "containerd-client"],
    ["podman, skopeo and buildah", "containers/image"],
    ["crane and cosign", "go-containerregistry"],
    ["oras", "oras-go"],
    ["regctl", "regclient/regctl (v0.8.3)"],
    ["notation", "notation"],
    ["Jib", "jib.da031fe481a93ac107a95a96462358f9"],
    ["the .NET SDK", "netsdkcontainers"],
    ["a client that says an empty name", ""],
    ["a client that says none", undefined],
  ])("logs in %s as well", async (_what, client) => {
    expect(subjectOf(await refresh(await stored(), client))).toBe("alice");
  });

  test.each(["<token>", "oauth2", "alice", "bob", "00000000-0000-0000-0000-000000000000"])(
    "logs in whoever shows it as a password, beside the user name %s",
    async (username) => {
      const password = await stored();
      const query = { service: "wharfinger", scope: SCOPE };
      // As @sigstore/oci asks, and as it does for the user name <token>.
      expect(subjectOf(await server.http.get("/token").query(query).auth(username, password))).toBe(
        "alice",
      );
      const form = { grant_type: "password", username, password };
      const answer = await post(form);
      expect(subjectOf(answer)).toBe("alice");
      expect(answer.body).not.toHaveProperty("refresh_token");
    },
  );

  test("is the owner's login at the REST API too, and makes no robots", async () => {
    const token = await stored();
    const list = server.http.get("/api/v1/refresh-tokens");
    expect((await list.auth("<token>", token)).status).toBe(200);
    const bearer = { Authorization: `Bearer ${token}` };
    expect((await server.http.get("/api/v1/refresh-tokens").set(bearer)).status).toBe(200);
    const robot = { name: "outlives", grants: [{ repositories: "alpha/**", actions: ["pull"] }] };
    const made = await server.http.post("/api/v1/teams/alpha/robots").set(bearer).send(robot);
    expect(made.status).toBe(403);
    expect(messageOf(made)).toBe("a refresh token cannot manage robots: show what you log in with");
  });

  test("is listed with every name by which it was used", async () => {
    const token = await stored(server, "bob");
    await refresh(token, "registry-client");
    await server.http.get("/token").auth("<token>", token);
    const answer = await server.http.get("/api/v1/refresh-tokens").auth("oauth2", "bob-token");
    const { refreshTokens } = answer.body as { refreshTokens: object[] };
    expect(refreshTokens).toMatchObject([{ clientId: "docker", usedBy: ["", "registry-client"] }]);
  });

  test("ends as it is ended, however it is shown", async () => {
    const token = await stored(server, "bob");
    await server.http.delete("/api/v1/refresh-tokens").auth("oauth2", "bob-token");
    const asPassword = await server.http.get("/token").auth("bob", token);
    const asGrant = await post({ grant_type: "password", username: "<token>", password: token });
    const asBearer = await server.http
      .get("/api/v1/refresh-tokens")
      .set("Authorization", `Bearer ${token}`);
    for (const answer of [asPassword, asGrant, asBearer, await refresh(token)]) {
      expect(answer.status).toBe(401);
      expect(messageOf(answer)).toBe("the refresh token was ended by its owner: log in again");
    }
  });
});

describe("a setting that restricts clients", () => {
  test("gives others no refresh token, and takes none from them", async () => {
    expect((await logIn(restricted, "notation")).body).not.toHaveProperty("refresh_token");
    const token = await stored(restricted);
    for (const client of ["notation", "", undefined])
      expect(messageOf(await refresh(token, client, restricted))).toBe(
        "the refresh token is not taken from this client (REFRESH_TOKEN_CLIENTS): log in again",
      );
    for (const client of ["regclient/regctl (v0.8.3)", "docker"])
      expect(subjectOf(await refresh(token, client, restricted))).toBe("alice");
  });
});

describe("a refresh token that is refused says what is wrong", () => {
  const change = (set: string) =>
    server.db.query(
      `update token_server.refresh_token set ${set} where created_at =
         (select max(created_at) from token_server.refresh_token)`,
    );

  test.each([
    ["it was cut", (token: string) => token.slice(0, -3), null, /not of the form of one/],
    ["it is none", () => "a password", null, /not of the form of one/],
    ["nobody issued it", () => LIKE_A_TOKEN, null, /is not known here/],
    ["its time is over", (token: string) => token, "expires_at = now()", /has expired/],
    [
      "it is for another service",
      (token: string) => token,
      "service = 'other'",
      /was issued for another service/,
    ],
    [
      "its login has become somebody else's",
      (token: string) => token,
      "uid = 'mallory'",
      /the login behind it has become another one/,
    ],
    [
      "it was ended by a replica that says no reason",
      (token: string) => token,
      "revoked_at = now()",
      /^the refresh token was ended: log in again$/,
    ],
    [
      "a reason that is not known was kept",
      (token: string) => token,
      "revoked_at = now(), end_reason = 'constructor'",
      /^the refresh token was ended: log in again$/,
    ],
  ])("when %s", async (_what, shown, set, message) => {
    const token = await stored();
    if (set !== null) await change(set);
    const first = await refresh(shown(token));
    // And goes on saying so.
    for (const answer of [first, await refresh(shown(token))]) {
      expect(answer.status).toBe(401);
      expect(messageOf(answer)).toMatch(message);
      expect(messageOf(answer)).toMatch(/: log in again$/);
    }
  });

  test("when the login behind it is refused", async () => {
    const eve = { token: "eve-token", uid: "eve", realm: "/employees", scopes: [], teams: [] };
    server.company.identities.push(eve);
    const token = await stored(server, "eve");
    server.company.identities.splice(server.company.identities.indexOf(eve), 1);
    const because = "the refresh token was ended because the login behind it is refused";
    expect(messageOf(await refresh(token))).toBe(
      `${because} (the OAuth token is not valid or has expired): log in again`,
    );
    expect(messageOf(await refresh(token))).toBe(`${because}: log in again`);
  });
});

describe("refused refresh tokens", () => {
  test("lock nobody out who logs in from the same address", async () => {
    const address = "198.51.100.20";
    const shown = Array.from({ length: 20 }, (_, at) => PREFIX + String(at).padStart(43, "x"));
    failed.length = 0;
    for (const token of shown) {
      expect((await refresh(token, "docker", server, address)).status).toBe(401);
      const asPassword = server.http.get("/token").set("X-Forwarded-For", address);
      expect((await asPassword.auth("oauth2", token)).status).toBe(401);
    }
    expect(new Set(failed)).toEqual(new Set(["refresh token"]));
    const right = server.http.get("/token").set("X-Forwarded-For", address);
    expect((await right.auth("oauth2", "ci-all-token")).status).toBe(200);
  });

  test("while wrong passwords are counted as before", async () => {
    const guess = (password: string) =>
      server.http
        .get("/token")
        .set("X-Forwarded-For", "198.51.100.21")
        .auth("oauth2", password)
        .then(({ status }) => status);
    const statuses = [];
    for (const password of ["a", "b", "c", "d"]) statuses.push(await guess(password));
    expect(statuses).toEqual([401, 401, 401, 429]);
  });
});

describe("a password that looks like a refresh token", () => {
  test("is one, when it has the prefix: nobody can have it as a password", async () => {
    const answer = await server.http.get("/token").auth("carol", LIKE_A_TOKEN);
    expect(answer.status).toBe(401);
    expect(messageOf(answer)).toMatch(/is not known here/);
  });

  test("is a password, when it looks like those of before", async () => {
    const answer = await server.http.get("/token").auth("dora", LIKE_AN_OLD_TOKEN);
    expect(subjectOf(answer)).toBe("dora");
  });
});

test("no log line holds a refresh token, however it was shown", async () => {
  const token = await stored();
  await refresh(token);
  await server.http.get("/token").auth("<token>", token);
  await server.http.get("/token").auth("<token>", `${token}x`);
  await post({ grant_type: "password", username: "x", password: token });
  expect(log.linesOf("token.issued").length).toBeGreaterThan(0);
  expect(log.text()).not.toContain(token.slice(PREFIX.length));
});
