import { expect, test } from "@jest/globals";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import { decideView } from "#token-server/token/decide-view.js";
import { oauthIdentity } from "#tests/support/identities.js";

const login = { identity: oauthIdentity(), teams: null, validUntil: null, accessToken: null };
const teams = { teamsOf: () => Promise.resolve(["alpha"]) } as never;
const pull = { resource: { type: "repository", name: "alpha/app" }, actions: ["pull"] } as never;
const asked = (requested: never[], forLists: boolean) =>
  decideView(DEFAULT_POLICY, teams, login, {
    ...{ requested, forLists, circumstances: { address: null } },
  });

test("whoever asks for lists, or for nothing, is told what they may pull; who asks for something else is not", async () => {
  expect(await asked([], true)).toMatchObject({ rules: ["+**"] });
  expect(await asked([], false)).toMatchObject({ rules: ["+**"] });
  expect(await asked([pull], true)).toMatchObject({ rules: ["+**"] });
  expect(await asked([pull], false)).toBeNull();
});
