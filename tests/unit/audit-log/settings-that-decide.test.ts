import { expect, test } from "@jest/globals";
import { decidesAbout } from "#audit-log/questions/settings-that-decide.js";

const ALWAYS = ["AUTHENTICATION", "LOGINS_FILE", "HTTP_TEAM_SERVICE_URL", "HTTP_TOKENINFO_URL"];
const ALL = [...ALWAYS, "HTTP_ALLOW_PUBLIC_READ", "ALLOW_DELETE", "MODE"];

test.each([
  ["pull", [...ALWAYS, "HTTP_ALLOW_PUBLIC_READ"]],
  ["push", ALWAYS],
  ["delete", [...ALWAYS, "ALLOW_DELETE"]],
] as const)("who could %s depends on these settings of each service", (action, wanted) => {
  const settings = Object.fromEntries(ALL.map((name) => [name, "as it was"]));
  const deciding = decidesAbout(action, { gateway: settings, "token-server": {} });
  expect(deciding["token-server"]).toEqual({});
  expect(Object.keys(deciding["gateway"] ?? {}).sort()).toEqual([...wanted].sort());
});
