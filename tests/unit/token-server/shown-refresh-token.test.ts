import { describe, expect, test } from "@jest/globals";
import { isClientTaken } from "#token-server/refresh-tokens/clients.js";
import { newToken } from "#token-server/refresh-tokens/seal.js";
import { isShownAsPassword, isWellFormed } from "#token-server/refresh-tokens/token-form.js";
import {
  parseOAuthRequest,
  parseTokenRequest,
  type LoginRequest,
} from "#token-server/token/request.js";
import { servicesOf } from "#tests/support/registries.js";

const TOKEN = newToken();
const SERVICES = servicesOf("wharfinger");

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

function shownIn(login: LoginRequest): string {
  if (login.kind === "nobody") return "nobody";
  if (login.kind === "refresh-token") return `refresh token ${login.token.reveal()}`;
  return `${login.credentials.username}:${login.credentials.password.reveal()}`;
}

function post(fields: Record<string, string>, header?: string): string {
  const body = new URLSearchParams(fields).toString();
  return shownIn(parseOAuthRequest(body, header, SERVICES).login);
}

describe("a refresh token that is shown as a password", () => {
  test.each(["<token>", "oauth2", "alice", "robot-alpha-ci", "instance-identity-document", ""])(
    "counts as what it is beside the user name %j",
    (username) => {
      const header = basic(`${username}:${TOKEN}`);
      const wanted = `refresh token ${TOKEN}`;
      expect(shownIn(parseTokenRequest("", header, SERVICES).login)).toBe(wanted);
      expect(post({ grant_type: "password", username, password: TOKEN })).toBe(wanted);
      expect(post({ grant_type: "password" }, header)).toBe(wanted);
    },
  );

  test("without a colon is in no form that a header has", () => {
    expect(() => parseTokenRequest("", basic(TOKEN), SERVICES)).toThrow("Basic");
  });

  test("and is cut, is still nobody's password", () => {
    const cut = TOKEN.slice(0, -1);
    expect(shownIn(parseTokenRequest("", basic(`alice:${cut}`), SERVICES).login)).toBe(
      `refresh token ${cut}`,
    );
  });

  test.each([TOKEN.slice("wharf_rt_".length), `x${TOKEN}`, "wharf", ""])(
    "is no password that does not begin like one: %s",
    (password) => {
      expect(shownIn(parseTokenRequest("", basic(`alice:${password}`), SERVICES).login)).toBe(
        `alice:${password}`,
      );
    },
  );

  test("is given back only to those who ask for one", () => {
    const header = basic(`x:${TOKEN}`);
    expect(parseTokenRequest("", header, SERVICES).offline).toBe(false);
    expect(parseTokenRequest("offline_token=true", header, SERVICES).offline).toBe(true);
    const refresh = `grant_type=refresh_token&refresh_token=${TOKEN}`;
    expect(parseOAuthRequest(refresh, undefined, SERVICES).offline).toBe(true);
  });
});

describe("the form of a refresh token", () => {
  test("has a prefix by which it is known wherever it lies, and stays well formed", () => {
    expect(TOKEN).toMatch(/^wharf_rt_[A-Za-z0-9_-]{43}$/);
    expect(isWellFormed(TOKEN)).toBe(true);
    expect(isShownAsPassword(TOKEN)).toBe(true);
  });

  test("of before, without a prefix, is taken where refresh tokens are shown as such", () => {
    const old = TOKEN.slice("wharf_rt_".length);
    expect(isWellFormed(old)).toBe(true);
    expect(isShownAsPassword(old)).toBe(false);
  });

  test.each([
    "",
    "wharf_rt_",
    TOKEN.slice(0, -1),
    `${TOKEN}x`,
    `${TOKEN} `,
    "hunter2",
    `a${TOKEN}`,
  ])("is not this: %j", (token) => {
    expect(isWellFormed(token)).toBe(false);
  });
});

describe("clients that may have and use refresh tokens", () => {
  const CLIENTS = [
    ...["docker", "registry-client", "regclient/regctl (v0.8.0)", "notation", ""],
    "containers/image",
  ];

  test.each(CLIENTS)("are any, where no setting restricts them: %j", (client) => {
    expect(isClientTaken(client, [])).toBe(true);
  });

  test("are those that the setting names, by their whole name or its beginning", () => {
    const taken = ["docker", "regclient/regctl*"];
    expect(CLIENTS.filter((client) => isClientTaken(client, taken))).toEqual([
      "docker",
      "regclient/regctl (v0.8.0)",
    ]);
    for (const client of ["docker2", "dock", "Docker", "xregclient/regctl"])
      expect(isClientTaken(client, taken)).toBe(false);
  });
});
