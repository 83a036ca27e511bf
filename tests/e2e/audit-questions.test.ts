import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { runWharf } from "./cli/support/run-wharf.js";
import { historyFiles, makeHistory, POLICIES } from "./support/audited-history.js";
import { formOfAnswer, readPage, recordAnswers } from "./support/question-page.js";

let stack: TestStack;
let folder: TemporaryFolder;
let happened: readonly string[] = [];
const answers = new Map<string, string>();
const page = readPage();

beforeAll(async () => {
  folder = await temporaryFolder();
  const files = await historyFiles(folder.path);
  const env = { POLICY_FILE: files.policy, LOGINS_FILE: files.logins, ADMIN_TEAMS: "beta" };
  stack = await startTestStack({ env });
  happened = await makeHistory(stack, files);
}, 240_000);
afterAll(async () => {
  if (happened.length === page.moments.length)
    recordAnswers(
      answers,
      page.moments.map((moment, index) => ({ ...moment, was: happened[index] ?? "" })),
    );
  await stack.stop();
  await folder.remove();
});

/** What each question of the page has to be answered, whatever else is said. */
const WANTED: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "Who may push to this repository, and by which rule?": [
    /allow +realms \/employees +- +\$\{team\}\/\*\* with team alpha +own/,
    /allow +all of the scopes application.write and realms \/services +- +alpha\/\*\* +push-services/,
    "whom a team service or a directory named besides is not on record",
  ],
  "Who could push to this repository on that day?": [
    /allow +all of the scopes application.write and realms \/services +- +\*\* +push-services/,
  ],
  "Could this pipeline have pushed there before?": [/no +realm \/services may not push/],
  "Could this employee have pushed before he was put into the team?": [/^ +no /m],
  "What was changed about who may do what, when, and by whom?": [
    "rule push-services added behind robots: allow push; repositories alpha/**",
    "rule push-services: repositories alpha/** → **",
    'teams.alpha: "/employees/bob" added',
  ],
  "Which policy was in force then?": [POLICIES.first.trim()],
  "Which settings were in force then?": ["ADMIN_TEAMS=beta"],
  "Who has the image with the hole?": [/bob +\/employees +oauth2 +127\.0\.0\.1 +alpha\/app +1\.0/],
  "Who published what runs in production, and when?": [
    /tag\.pushed alpha\/app:1\.0 sha256:\S+ by alice/,
  ],
  "Was a released tag changed, or did anybody try?": [
    /tag\.refused alpha\/app:1\.0 sha256:\S+ by alice/,
  ],
  "Who tried what was not theirs?": [/access\.refused beta\/app by robot-ci .*"code":"DENIED"/],
  "Which logins failed?": [/login\.failed by .*"shown":"oauth2"/],
  "Who took the registry out of service, and why?": [
    /mode\.changed by bob .* - the storage is moved/,
  ],
  "Who administers, which service accounts are there, how old are they, and when were they used last?":
    [
      /robot-alpha-deploy +alpha +alice +\S+ +0 +\S+ +2\S+/,
      /verify +the audit log is whole/,
      /bob +\/employees +oauth2/,
      /tag\.refused: immutable +1/,
    ],
  "Is the record whole?": ["the audit log is whole", "the ledger is as the audit log says"],
};

describe("what auditors ask (docs/audit-questions.md)", () => {
  test("is on the page as here, question by question, with a history of as many moments", () => {
    expect(page.questions.map(({ title }) => title)).toEqual(Object.keys(WANTED));
    expect(page.moments).toHaveLength(happened.length);
  });

  test.each(page.questions.map((question) => [question.title, question] as const))(
    "%s",
    async (title, { words, answer }) => {
      const [command = "", ...options] = words;
      const said = await run(command, options.map(momentOf));
      answers.set(title, said);
      for (const wanted of WANTED[title] ?? [])
        if (typeof wanted === "string") expect(said).toContain(wanted);
        else expect(said).toMatch(wanted);
      if (process.env["RECORD_ANSWERS"] !== "1")
        expect(formOfAnswer(said)).toEqual(formOfAnswer(answer));
    },
    60_000,
  );
});

test("administrators are answered the same by wharf, and nobody else is", async () => {
  const wharf = async (words: string, token = "bob-token") =>
    runWharf(["audit", ...words.split(" "), "--url", stack.url], {
      ...{ PATH: process.env["PATH"], WHARF_TOKEN: token, WHARF_CONFIG_DIR: folder.path },
    });
  expect((await wharf("who-pulled alpha/app:1.0")).stdout).toMatch(
    /^bob\t127\.0\.0\.1\talpha\/app\t1\.0/m,
  );
  const could = await wharf("who-could push alpha/app:1.0 --uid bob -o json");
  expect(JSON.parse(could.stdout)).toMatchObject({
    ...{ action: "push", decision: { allow: true }, tagRule: { mutability: "immutable" } },
  });
  expect((await wharf("changes")).stdout).toContain(
    "rule push-services: repositories alpha/** → **",
  );
  const today = new Date();
  const quarter = `${today.getUTCFullYear()}Q${Math.floor(today.getUTCMonth() / 3) + 1}`;
  const report = await wharf(`report --quarter ${quarter} --csv`);
  expect(report.stdout).toMatch(/^robots,robot-alpha-deploy,alpha,alice,/m);
  expect((await wharf("changes", "alice-token")).exitCode).toBe(4);
}, 60_000);

/** Moments of the page become those at which it happened here. */
function momentOf(word: string): string {
  const index = page.moments.findIndex(({ at }) => at === word);
  if (index < 0 && /^\d{4}-/.test(word)) throw new Error(`${word} is no moment of the page`);
  return happened[index] ?? word;
}

async function run(command: string, options: readonly string[]): Promise<string> {
  const program = join(REPOSITORY_ROOT, "deploy/local/commands/audit.mjs");
  const given = options[0] === "--" ? options.slice(1) : options;
  const name = command === "verify" ? "verify" : "list";
  const { output } = await runProgram(
    {
      ...{ file: process.execPath, args: [program, name, ...given] },
      env: { PATH: process.env["PATH"], DATA_DIR: stack.dataDir },
    },
    { timeoutMs: 60_000 },
  );
  return output
    .replaceAll(folder.path, "/etc/wharfinger")
    .replaceAll(stack.dataDir, "/var/lib/wharfinger")
    .replaceAll(new URL(stack.url).host, "registry.example.org")
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, "https://company.example.org");
}
