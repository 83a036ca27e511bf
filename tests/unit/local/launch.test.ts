import { describe, expect, test } from "@jest/globals";
import { launchOf } from "#local/processes/launch.js";

const PROGRAM = { file: "/bin/registry", args: ["serve", "--", "x"], env: { PATH: "/bin" } };
const SETPRIV = "/usr/bin/setpriv";

describe("how a program is launched", () => {
  test("the kernel ends it together with whoever started it", () => {
    expect(launchOf(PROGRAM, "SIGINT", SETPRIV)).toEqual({
      file: SETPRIV,
      args: ["--pdeathsig", "SIGINT", "--", "/bin/registry", "serve", "--", "x"],
      options: { env: { PATH: "/bin" } },
    });
  });

  test("another user is taken on in the same step, or the death signal would be lost", () => {
    const user = { uid: 101, gid: 104, reachesAll: false };
    const { args, options } = launchOf({ ...PROGRAM, user }, "SIGINT", SETPRIV);
    expect(args.slice(0, 7)).toEqual([
      ...["--pdeathsig", "SIGINT"],
      ...["--reuid", "101", "--regid", "104", "--clear-groups"],
    ]);
    expect(options).not.toHaveProperty("uid");
  });

  test("a user that has to pass folders of root keeps that one capability", () => {
    const user = { uid: 101, gid: 104, reachesAll: true };
    const { args } = launchOf({ ...PROGRAM, user }, "SIGINT", SETPRIV);
    expect(args).toEqual(expect.arrayContaining(["--ambient-caps", "+dac_override"]));
    expect(args.join(" ")).not.toMatch(/all|setuid\b/);
  });

  test("without setpriv it is launched all the same", () => {
    const user = { uid: 101, gid: 104, reachesAll: false };
    expect(launchOf({ ...PROGRAM, user, cwd: "/data" }, "SIGINT", null)).toEqual({
      file: "/bin/registry",
      args: ["serve", "--", "x"],
      options: { env: { PATH: "/bin" }, cwd: "/data", uid: 101, gid: 104 },
    });
  });
});
