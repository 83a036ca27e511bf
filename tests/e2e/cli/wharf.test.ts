import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { pushSamples } from "./support/push-samples.js";
import { completed, sayingWharf, whyNot } from "./support/shells.js";
import { runWharf } from "./support/run-wharf.js";

/** Robots of alpha may not delete; its members may. */
const POLICY = `
rules:
  - id: members
    effect: allow
    actions: [pull, push, delete]
    namespaces: [alpha]
    who: { realms: [/employees], teams: [alpha] }
  - id: others
    effect: allow
    actions: [pull]
    namespaces: [beta]
    who: anyone
`;
const SPDX = "application/spdx+json";

let stack: TestStack;
let folder: TemporaryFolder;
let digests: { one: string; two: string; index: string; sbom: string; signature: string };

beforeAll(async () => {
  folder = await temporaryFolder();
  const policyFile = join(folder.path, "policy.yaml");
  await writeFile(policyFile, POLICY);
  stack = await startTestStack({
    env: { ALLOW_DELETE: "true", POLICY_FILE: policyFile, ADMIN_TEAMS: "alpha" },
  });
  const push = pushSamples(stack.url, "alice-token");
  const source = "https://git.example.org/alpha/app";
  const one = await push.image("alpha/app:1.0", { source });
  const two = await push.image("alpha/app:1.1", { version: "2", env: ["MODE=fast"] });
  await push.image("alpha/part/tags/x:1.0", { version: "3" });
  for (const tag of ["1.10", "1.9", "a-SNAPSHOT", "b-SNAPSHOT"])
    await push.image(`alpha/app:${tag}`, { version: tag });
  const index = await push.index("alpha/app:2.0", { "linux/amd64": one, "linux/arm64": two });
  const sbom = await push.referrer("alpha/app", one, SPDX);
  const signature = await push.referrer("alpha/app", sbom, "application/vnd.example.signature");
  digests = { one, two, index, sbom, signature };
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

interface Part {
  readonly what: string;
  readonly name: string;
}

interface Asked {
  readonly token?: string | null;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly heard?: Parameters<typeof runWharf>[3];
}

function wharf(
  words: readonly string[],
  { token = "alice-token", env = {}, input, heard }: Asked = {},
) {
  const all = {
    ...{ SUDO_USER: "olga", PATH: process.env["PATH"], HOME: folder.path, DATA_DIR: stack.dataDir },
    ...{ WHARF_URL: stack.url, ...(token === null ? {} : { WHARF_TOKEN: token }) },
    ...env,
  };
  return runWharf(words, all, input, heard);
}

const out = async (...words: string[]) => (await wharf(words)).stdout;
const json = async (...words: string[]) => JSON.parse(await out(...words, "-o", "json")) as unknown;

/** Artifacts that tests push to for themselves, before or after any other. */
const OF_OTHER_TESTS = ["changed", "damaged", "watched"];

describe("wharf, against a real registry, lists", () => {
  test("teams and artifacts, one on a line", async () => {
    expect(await out("teams")).toBe("alpha\n");
    const artifacts = (await out("artifacts", "alpha")).split("\n");
    expect(artifacts.filter((one) => !OF_OTHER_TESTS.includes(one))).toEqual([
      "app",
      "part/tags/x",
      "",
    ]);
  });

  test("tags newest first or as versions, without those of signatures", async () => {
    const first = async (...more: string[]) =>
      (await out("tags", "alpha/app", ...more)).split("\n").map((line) => line.split("\t")[0]);
    expect(await first()).toEqual([
      "2.0",
      "b-SNAPSHOT",
      "a-SNAPSHOT",
      "1.9",
      "1.10",
      "1.1",
      "1.0",
      "",
    ]);
    expect(await first("--sort", "version")).toEqual([
      ...["2.0", "1.10", "1.9", "1.1", "1.0"],
      ...["b-SNAPSHOT", "a-SNAPSHOT", ""],
    ]);
    expect(await out("tags", "alpha/app", "--limit", "1")).toContain(`2.0\t${digests.index}\t`);
    expect(await first("--reverse", "--limit", "2")).toEqual(["1.0", "1.1", ""]);
    expect((await first("--all")).filter((tag) => tag?.startsWith("sha256-"))).toHaveLength(2);
    expect(await out("tags", "alpha", "part/tags/x")).toMatch(/^1\.0\t/);
  });

  test("a tag, in each form", async () => {
    const described = { repository: "alpha/app", tag: "2.0", digest: digests.index };
    const platforms = ["linux/amd64", "linux/arm64"];
    expect(await json("describe", "alpha/app:2.0")).toMatchObject({
      ...described,
      image: { platforms },
    });
    expect(parse(await out("describe", "alpha", "app", "2.0", "-o", "yaml"))).toMatchObject(
      described,
    );
    expect(await out("describe", "alpha/app:2.0", "-o", "table")).toMatch(
      /^platforms {3}linux\/amd64, linux\/arm64$/m,
    );
    expect(await out("describe", `alpha/app@${digests.one}`)).toContain(`digest\t${digests.one}`);
    expect(await out("describe", "alpha/part/tags/x:1.0")).toContain(
      "repository\talpha/part/tags/x",
    );
    expect(await out("latest", "alpha/app")).toBe("2.0\n");
  });

  test("where it comes from, which tags an image has, and what is named so", async () => {
    expect(await out("scm-source", "alpha/app:1.0")).toContain(
      "url\thttps://git.example.org/alpha/app\nrevision\ta1b2c3\n",
    );
    expect(await out("image", digests.two)).toBe("alpha/app\t1.1\n");
    const { parts } = (await json("verify", "alpha/app:1.1")) as { parts: Part[] };
    const config = parts.find(({ what }) => what === "config")?.name ?? "";
    expect(await out("image", config.slice(0, 30))).toBe("alpha/app\t1.1\n");
    expect(await out("search", "app")).toMatch(/^alpha\/app\t\d+\t\t0\n$/);
    const tags = (await out("search", "app:1.1")).split("\n").map((line) => line.split("\t", 2));
    expect(tags.slice(0, -1)).toEqual([
      ["alpha/app", "1.1"],
      ["alpha/app", "1.10"],
    ]);
    expect(await out("search", "--tags", "a-")).toMatch(/^alpha\/app\ta-SNAPSHOT\t/);
  });

  test("who pulled, once it is written", async () => {
    let rows: unknown = [];
    for (let tries = 0; tries < 60 && (rows as unknown[]).length === 0; tries += 1)
      rows = await json("pulls", "alpha/app", "--since", "1h");
    expect(rows).toContainEqual(expect.objectContaining({ uid: "alice", address: "127.0.0.1" }));
    const days = (await out("pulls", "alpha/app", "--by-day", "--days", "2")).split("\n");
    expect(days).toHaveLength(3);
    // Midnight may be between.
    expect(days.slice(0, 2).some((line) => /^\d{4}-\d\d-\d\d\t[1-9]\d*\t█+$/.test(line))).toBe(
      true,
    );
  });

  test("what an image runs, and its layers, of an index those for a platform", async () => {
    const fields = await out("inspect", "alpha/app:2.0", "--platform", "linux/arm64");
    expect(fields).toContain("platforms\tlinux/amd64");
    expect(fields).toContain(`image\t${digests.two}\n`);
    expect(fields).toContain("user\tapp\nenv\tPATH=/bin\nenv\tMODE=fast\nlabel\tversion=2\n");
    const layers = (await out("inspect", "alpha/app:1.0", "--layers")).trimEnd().split("\n");
    expect(layers.map((line) => line.split("\t")[0])).toEqual(["1", "2"]);
    expect((await wharf(["inspect", "alpha/app:9.9"])).exitCode).toBe(3);
  });
});

describe("wharf tells what happened:", () => {
  const lines = (text: string) => text.trimEnd().split("\n");

  test("to a tag, and what was refused", async () => {
    const other = pushSamples(stack.url, "alice-token").image("alpha/app:1.0", {
      version: "other",
    });
    await expect(other).rejects.toThrow("tag already exists");
    const history = (await json("history", "alpha/app:1.0")) as { action: string }[];
    expect(history.map(({ action }) => action)).toEqual(["tag.refused", "tag.pushed"]);
    const refusals = lines(await out("refusals", "alpha/app:1.0"));
    expect(refusals).toEqual([expect.stringMatching(/\talice\talpha\/app\t1\.0\t/)]);
    expect(await out("refusals", "alpha/app", "--by", "bob")).toBe("");
    expect((await wharf(["history", "alpha/app:1.0"], { token: "bob-token" })).exitCode).toBe(3);
  });

  test("at all, to administrators alone, and as a file", async () => {
    const some = await wharf(["audit", "--action", "tag.pushed", "--limit", "2"]);
    expect(lines(some.stdout)).toHaveLength(2);
    expect(some.stderr).toBe("the first 2: --limit shows more\n");
    expect((await wharf(["audit"], { token: "bob-token" })).exitCode).toBe(4);
    const exported = lines(await out("audit", "--repository", "alpha/app", "--export", "ndjson"));
    expect(exported.length).toBeGreaterThan(5);
    for (const line of exported) expect(line).toContain('"alpha/app"');
    expect(lines(await out("audit", "--export", "csv"))[0]).toContain("action");
  });

  test("in each repository, in figures", async () => {
    expect(await out("repositories", "--team", "alpha")).toMatch(/^alpha\/app\t\d+\t\d+\t/);
    expect((await wharf(["repositories"], { token: "bob-token" })).stdout).not.toContain("alpha");
  });
});

describe("wharf watch", () => {
  interface Watched {
    readonly repository: string;
    readonly tag: string;
    readonly cursor: string;
  }
  const { image } = pushesTo("alpha/watched");
  let pushed = 0;

  /** Pushes one tag after the other until it has ended: nobody says when it has begun. */
  async function whilePushing<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const ended = work.finally(() => {
      over.abort();
    });
    while (!over.signal.aborted) await image(`w${(pushed += 1)}`);
    return ended;
  }

  test("shows pushes as they happen, and goes on behind any of them", async () => {
    const first = await whilePushing(wharf(["watch", "alpha/watched", "--count", "1"]));
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    const seen = JSON.parse(first.stdout) as Watched;
    expect(seen).toMatchObject({ action: "push", repository: "alpha/watched" });
    await image("last");
    const again = await wharf(["watch", "--after", seen.cursor, "--count", "1", "-o", "tsv"]);
    expect(again.stdout).toMatch(
      /\tpush\talpha\/watched\t(?:w\d+|last)\tsha256:[0-9a-f]{64}\talice\n$/,
    );
    expect(again.stdout).not.toContain(`\t${seen.tag}\t`);
  });

  test("ends with 0 when it is interrupted", async () => {
    const watching = wharf(["watch", "-o", "table"], {
      heard: (stdout, signal) => {
        if (stdout.includes("\n")) signal("SIGINT");
      },
    });
    const { exitCode, stdout } = await whilePushing(watching);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}push {4}alpha\/watched:w\d+ {2}sha256:[0-9a-f]{12} {2}alice\n/,
    );
  });

  test("shows nobody what they may not pull, and tells with 4 who logs in in vain", async () => {
    const nobody = await wharf(["watch"], { token: "no-such-token" });
    expect(nobody).toMatchObject({ exitCode: 4, stdout: "" });
    expect((await wharf(["watch", "--action", "pull"])).exitCode).toBe(2);
  });

  function pushesTo(repository: string) {
    return {
      image: (tag: string) =>
        pushSamples(stack.url, "alice-token").image(`${repository}:${tag}`, { version: tag }),
    };
  }
});

describe("wharf looks into images:", () => {
  test("two of them, and what differs", async () => {
    expect(await out("diff", "alpha/app:1.0", "1.1")).toContain("env\tMODE\t\tfast\n");
    const { differences } = (await json("diff", "alpha/app:2.0", "1.1")) as {
      differences: unknown[];
    };
    expect(differences).toContainEqual({
      what: "platform",
      name: "linux/amd64",
      before: digests.one,
      after: null,
    });
    expect(await wharf(["diff", "alpha/app:1.0", `@${digests.one}`])).toMatchObject({ stdout: "" });
  });

  test("on which others they are built, and which are built on them", async () => {
    for (const command of ["bases", "built-on"]) {
      expect(await wharf([command, "alpha/app:1.0"])).toMatchObject({ exitCode: 0 });
      expect(await wharf([command, "alpha/app:none"])).toMatchObject({ exitCode: 3 });
    }
  });

  test("their files, of gzip and zstd layers", async () => {
    const rows = (
      await out("inspect-contents", "alpha/app:2.0", "--platform", "linux/arm64")
    ).split("\n");
    expect(
      rows.map((row) =>
        row
          .split("\t")
          .filter((_, i) => i !== 3)
          .join(" "),
      ),
    ).toEqual([
      "1 drwxr-xr-x 0 etc",
      "1 -rw-r--r-- 8 etc/os-release",
      "2 -rw-r--r-- 2000 srv/app-2.js",
      "",
    ]);
    expect((await wharf(["inspect-contents", "alpha/app:1.0", "--layer", "3"])).stderr).toContain(
      "it has 2 layers",
    );
  });

  test("their files, which the REST API lists as they are", async () => {
    const rows = (await json("inspect-contents", "alpha/app:1.0")) as { path: string }[];
    const path = "/api/v1/repositories/alpha/app/tags/1.0/contents";
    const answer = await fetch(stack.url + path, {
      headers: { Authorization: "Bearer alice-token" },
    });
    const all = (await answer.text()).trimEnd().split("\n");
    const entries = all.map((line) => JSON.parse(line) as { path?: string; end?: string });
    expect(entries.flatMap((one) => one.path ?? [])).toEqual(rows.map((row) => row.path));
    expect(entries.at(-1)).toEqual({ end: "complete" });
  });

  test("what refers to them, as a tree", async () => {
    expect(await out("referrers", "alpha/app:1.0")).toMatch(
      new RegExp(
        `^alpha/app:1.0@${digests.one}\n└─ ${SPDX.replace("+", "\\+")} ${digests.sbom}.*\n {3}└─ .*${digests.signature}`,
      ),
    );
  });

  test("whether their bytes are what they should be, and ends with 6 where not", async () => {
    const verified = await json("verify", "alpha/app:2.0", "--blobs");
    expect(verified).toMatchObject({ digest: digests.index, verified: true });
    const damaged = pushSamples(stack.url, "alice-token");
    const digest = await damaged.image("alpha/damaged:1.0", { version: "damaged" });
    const { parts } = (await json("verify", `alpha/damaged@${digest}`)) as { parts: Part[] };
    const config = parts.find(({ what }) => what === "config")?.name ?? "";
    const hex = config.replace("sha256:", "");
    const file = `registry/blobs/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
    await writeFile(join(stack.dataDir, file), "something else");
    const outcome = await wharf(["verify", "alpha/damaged:1.0", "--blobs"]);
    expect(outcome).toMatchObject({ exitCode: 6 });
    expect(outcome.stdout).toMatch(new RegExp(`^config\t${config}\twrong\t`, "m"));
  });
});

test("wharf who-can tells who may do what there, and where the rule stands", async () => {
  expect(await out("who-can", "alpha/app")).toMatch(
    /^pull\tallow\trealm \/employees, team alpha\tmembers\t.*policy\.yaml:3\npush\t.*\ndelete\t.*\n$/,
  );
  const { stdout } = await wharf(["who-can", "beta/app"], { token: "bob-token" });
  expect(stdout).toBe(
    "pull\tallow\tanyone\tothers\t\npush\tdeny\tanyone\t\t\ndelete\tdeny\tanyone\t\t\n",
  );
});

describe("wharf policy test", () => {
  const file = async (text: string) => {
    const path = join(folder.path, "candidate.yaml");
    await writeFile(path, text);
    return path;
  };

  test("ends with 0 where nothing would change", async () => {
    const outcome = await wharf(["policy", "test", await file(POLICY)]);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "" });
    expect(outcome.stderr).toMatch(/^\d+ decisions since .*: \d+ the same, 0 others, 0 unknown\n$/);
  });

  test("lists what cannot be told, since it depends on what is on no record", async () => {
    const closed = POLICY.replace("[/employees]", "[/services]");
    const outcome = await wharf(["policy", "test", await file(closed), "--last", "1"]);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stdout).toMatch(/\talice\tunknown\tdepends on team alpha\t\n$/);
  });

  test("names with 6 what would be decided otherwise, and by which rule", async () => {
    const other = pushSamples(stack.url, "alice-token").image("alpha/app:1.1", { version: "x" });
    await expect(other).rejects.toThrow("tag already exists");
    const path = await file("rules:\n  - { id: open, effect: mutable }\n");
    const outcome = await wharf(["policy", "test", path, "--tags"]);
    expect(outcome.exitCode).toBe(6);
    expect(outcome.stdout).toMatch(
      /\ttag\.refused\talpha\/app:1\.1\talice\tallowed\topen\timmutable\n/,
    );
  });

  test("says whether somebody may do something by a file, and by which rule of it", async () => {
    const path = await file(
      "rules:\n  - {id: only-beta, effect: allow, actions: [pull, push], repositories: ['**'], who: {teams: [beta]}}\n",
    );
    const may = ["policy", "try", path, "push", "alpha/app", "--uid", "bob", "--team", "beta"];
    expect((await wharf(may)).stdout).toMatch(/^allowed: .*only-beta/);
    expect((await wharf(may.slice(0, -2))).stdout).toMatch(/^refused: /);
    expect((await wharf(may, { token: "bob-token" })).exitCode).toBe(4);
  });

  test("tells of which version what is, and what works, to administrators alone", async () => {
    const { exitCode, stdout } = await wharf(["installation"]);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/Wharfinger \d.*PostgreSQL.*database: works/s)]); // prettier-ignore
    expect((await wharf(["installation"], { token: "bob-token" })).exitCode).toBe(4);
  });

  test("tells what is wrong with a file, and in which line", async () => {
    const outcome = await wharf(["policy", "test", await file("rules:\n  - id: X\n")]);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain("policy:2: rules.0.id");
    expect(await wharf(["policy", "test", "/absent"])).toMatchObject({ exitCode: 2 });
    const denied = await wharf(["policy", "test", await file(POLICY)], { token: "bob-token" });
    expect(denied.exitCode).toBe(4);
  });
});

describe("wharf ends with", () => {
  test.each([
    [3, ["who-can", "alpha/app"], "bob-token"],
    [3, ["describe", "alpha/app:9.9"], "alice-token"],
    [3, ["tags", "alpha/absent"], "alice-token"],
    [4, ["tags", "alpha/app"], "no-such-token"],
    [4, ["lock", "alpha/app:1.0", "--yes"], "bob-token"],
    [4, ["delete", "alpha/app:1.0", "--yes"], "ci-token"],
    [2, ["delete", "alpha/app", "--yes"], "alice-token"],
    [2, ["delete", "alpha/app:a-SNAPSHOT"], "alice-token"],
    [4, ["explain", "push", "beta/app", "--exit-code"], "alice-token"],
  ])("%d: %j as %s", async (exitCode, words, token) => {
    const outcome = await wharf(words, { token });
    expect([outcome.exitCode, outcome.stderr.split("\n")[0]]).toEqual([
      exitCode,
      expect.anything(),
    ]);
  });

  test("5 where what is there stands against it", async () => {
    const outcome = await wharf(["delete", `alpha/app@${digests.one}`, "--yes"]);
    expect(outcome).toMatchObject({ exitCode: 5, stdout: "" });
    expect(outcome.stderr).toContain("DENIED");
  });
});

describe("wharf changes", () => {
  beforeAll(async () => {
    const push = pushSamples(stack.url, "alice-token");
    for (const tag of ["1.0", "a-SNAPSHOT", "b-SNAPSHOT"])
      await push.image(`alpha/changed:${tag}`, { version: `changed ${tag}` });
  });

  test("what is said of a repository, by whom it may", async () => {
    const said = ["set", "alpha/changed", "--description", "Our app", "--official"];
    expect(await wharf(said)).toMatchObject({
      exitCode: 0,
      stdout: "alpha/changed is described\n",
    });
    expect(await json("set", "alpha/changed", "--automated")).toMatchObject({
      ...{ description: "Our app", official: true, automated: true },
    });
    expect(await json("set", "alpha/changed", "--no-official")).toMatchObject({
      ...{ official: false, automated: true },
    });
    expect((await wharf(["set", "alpha/changed"])).exitCode).toBe(2);
    expect((await wharf(["star", "alpha/changed"])).stdout).toBe("alpha/changed has 1 star\n");
    expect((await wharf(["unstar", "alpha/changed"])).stdout).toBe("alpha/changed has 0 stars\n");
    // To whoever may not pull from it there is none.
    const flagged = await wharf(["set", "alpha/changed", "--official"], { token: "ci-token" });
    expect(flagged.exitCode).toBe(3);
  });

  test("what is told to: a tag is deleted, another one locked", async () => {
    expect(
      await wharf(["delete", "alpha/changed:a-SNAPSHOT", "--yes", "--force", "of no use"]),
    ).toMatchObject({ exitCode: 0 });
    expect(await wharf(["describe", "alpha/changed:a-SNAPSHOT"])).toMatchObject({ exitCode: 3 });
    expect(await out("lock", "alpha/changed:b-SNAPSHOT", "--yes")).toBe(
      "alpha/changed:b-SNAPSHOT is locked\n",
    );
    expect(await json("describe", "alpha/changed:b-SNAPSHOT")).toMatchObject({ locked: true });
  });
});

describe("wharf login", () => {
  const home = (name: string) => ({ HOME: join(folder.path, name), WHARF_URL: "" });

  test("keeps a login that docker has then, too, and logout forgets it", async () => {
    const env = home("anna");
    const file = join(folder.path, "token");
    await writeFile(file, "alice-token\n");
    const said = await wharf(["login", stack.url, "--token-file", file], { token: null, env });
    expect(said).toMatchObject({ exitCode: 0 });
    expect(said.stdout + said.stderr).not.toContain("alice-token");
    expect((await wharf(["teams"], { token: null, env })).stdout).toBe("alpha\n");
    expect((await wharf(["tokens", "list"], { token: null, env })).stdout).toContain("wharf");
    expect((await wharf(["context", "list"], { token: null, env })).stdout).toContain(stack.url);
    expect(await wharf(["logout"], { token: null, env })).toMatchObject({ exitCode: 0 });
    expect(await wharf(["teams", "--url", stack.url], { token: null, env })).toMatchObject({
      exitCode: 4,
    });
  });

  test("takes none that the registry does not", async () => {
    const outcome = await wharf(["login", stack.url], { token: "wrong", env: home("wrong") });
    expect(outcome).toMatchObject({ exitCode: 4 });
  });

  test("can be asked anew each time, also by docker", async () => {
    const env = home("command");
    const login = ["login", stack.url, "--token-command", "echo bob-token", "--helper"];
    expect(await wharf(login, { token: null, env })).toMatchObject({ exitCode: 0 });
    expect((await wharf(["explain", "push", "alpha/app"], { token: null, env })).stdout).toMatch(
      /^refused/,
    );
  });
});

test("wharf robots makes a login for a machine, renews it, and takes it away", async () => {
  const said = (await json("robots", "create", "alpha", "e2e", "--grant", "alpha/app:pull")) as {
    login: string;
    secret: string;
  };
  const as = (secret: string) => ({ token: `${said.login}:${secret}` });
  expect(await wharf(["repositories"], as(said.secret))).toMatchObject({ exitCode: 0 });
  expect(await out("robots", "list", "alpha")).toMatch(
    /^robot-alpha-e2e\tactive\t.*\talpha\/app:pull\n$/,
  );
  const renewed = (await json("robots", "rotate", "alpha", "e2e")) as { secret: string };
  expect(renewed.secret).not.toBe(said.secret);
  expect(await wharf(["repositories"], as(renewed.secret))).toMatchObject({ exitCode: 0 });
  expect(await out("robots", "disable", "alpha", "e2e")).toContain("is disabled");
  expect(await out("robots", "list", "alpha")).toContain("robot-alpha-e2e\tdisabled\t");
  expect(await out("robots", "enable", "alpha", "e2e")).toContain("is active");
  expect(await json("robots", "check")).toEqual([]);
  const mistyped = ["robots", "create", "alpha", "other", "--grant", "alpha/app:pusch"];
  expect((await wharf(mistyped)).exitCode).toBe(1);
});

describe("for whoever runs the registry wharf", () => {
  test("shows what the mode is, and changes it over REST", async () => {
    const mode = async () => ((await json("mode", "show")) as { mode: string }).mode;
    expect(await mode()).toBe("normal");
    const words = ["mode", "read-only", "--reason", "moved", "--drain", "0", "--wait", "1m"];
    expect(await wharf(words)).toMatchObject({ exitCode: 0 });
    expect(await mode()).toBe("read-only");
    expect(await out("mode", "show")).toMatch(/^reason\tmoved$/m);
    expect(await wharf(["mode", "normal"])).toMatchObject({ exitCode: 0 });
    expect(await mode()).toBe("normal");
    expect(await wharf(["mode", "show"], { token: "bob-token" })).toMatchObject({ exitCode: 4 });
  });

  test("lists what waits to be announced, and changes that over REST", async () => {
    expect(await json("outbox", "list")).toMatchObject({ stops: [], aside: [] });
    expect(await json("outbox", "dead")).toEqual([]);
    expect(await out("outbox", "retry")).toContain("are tried now");
    const unknown = await wharf(["outbox", "start", "--sink", "none"]);
    expect(unknown).toMatchObject({ exitCode: 3 });
    expect(unknown.stderr).toContain("nothing was ever meant for");
    expect(await wharf(["outbox", "discard"])).toMatchObject({ exitCode: 2 });
    expect(await wharf(["outbox", "list"], { token: "bob-token" })).toMatchObject({ exitCode: 4 });
  });

  test("lists what discovery found", async () => {
    expect(await json("discover", "findings", "alpha/app", "--kind", "drifted")).toEqual([]);
    expect(await wharf(["discover", "findings", "gamma/none"])).toMatchObject({ exitCode: 3 });
    const mistyped = await wharf(["discover", "findings", "--kind", "drifed"]);
    expect(mistyped).toMatchObject({ exitCode: 2 });
    expect(mistyped.stderr).toContain("Did you mean drifted?");
  });

  test.each([
    [["mode", "show", "--installation", "."], "mode: normal"],
    [["outbox", "list", "--installation", "."], "nothing waits"],
    [["discover", "--all", "--dry-run"], "compared"],
    [["doctor", "--inside"], "Postgres role: wharfinger_gateway is neither owner nor superuser"],
    [["outbox", "--help"], "wharf outbox"],
    [["gc", "--", "--help"], "npm run collect-garbage"],
    [["verify"], "the audit log is whole"],
  ])("runs beside the installation: %j", async (words, said) => {
    const { stdout, stderr } = await wharf(words);
    expect(stdout + stderr).toContain(said);
  });
});

describe.each(["bash", "zsh", "fish"] as const)("%s on a terminal", (shell) => {
  const reason = whyNot(shell);
  const perhaps = reason === null ? test : test.skip;

  perhaps.each([
    ["wharf outb", "outbox"],
    ["wharf mode sh", "mode show"],
    ["wharf outbox list --si", "outbox list --sink"],
    ["wharf tags alpha/ap", "tags alpha/app"],
    ["wharf describe alpha/app:2", "describe alpha/app:2.0"],
    ["wharf -o ya", "-o yaml"],
  ])(`completes %j${reason === null ? "" : ` (${reason})`}`, async (typed, whole) => {
    const PATH = `${await sayingWharf(folder.path)}:${process.env["PATH"] ?? ""}`;
    const env = { PATH, HOME: folder.path, WHARF_URL: stack.url, WHARF_TOKEN: "alice-token" };
    expect(await completed(shell, typed, env)).toBe(whole);
  });
});

test("wharf doctor finds a healthy stack good, and says what to do about one that is not there", async () => {
  const { findings } = (await json("doctor")) as { findings: { check: string; state: string }[] };
  expect(findings.filter(({ state }) => state !== "good")).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      "name",
      "TLS",
      "answers",
      "realm",
      "clock",
      "database",
      "storage",
      "login",
      "token",
    ]),
  );
  const gone = await wharf(["doctor", "--url", "http://127.0.0.1:9"]);
  expect(gone).toMatchObject({ exitCode: 6 });
  expect(gone.stdout).toMatch(/^bad\tanswers\tcannot reach/m);
});
