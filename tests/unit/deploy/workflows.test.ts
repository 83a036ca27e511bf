import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { DOCKERFILE, OURS, read } from "./support/compose.js";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly needs?: string;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = ".github/workflows";
const WORKFLOWS = readdirSync(join(REPOSITORY_ROOT, FOLDER)).map(
  (name) => [name, read(`${FOLDER}/${name}`)] as const,
);
const workflow = (name: string) => parse(read(`${FOLDER}/${name}`)) as Workflow;
const jobsOf = (text: string) => Object.entries((parse(text) as Workflow).jobs);

describe.each(WORKFLOWS)("the workflow %s", (_name, text) => {
  test("runs others' actions at one commit each, with the version beside it", () => {
    const used = text.split("\n").filter((line) => /\buses:/.test(line));
    expect(used.length).toBeGreaterThan(0);
    expect(
      used.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v[\d.]+$/.test(line)),
    ).toEqual([]);
  });

  test("has no rights but what a job of it names, and no job without an end", () => {
    expect((parse(text) as Workflow).permissions).toEqual({});
    for (const [, { permissions, ...job }] of jobsOf(text)) {
      expect(permissions).toMatchObject({ contents: "read" });
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
    }
  });

  test("leaves no credential of the checkout to what it runs", () => {
    const steps = jobsOf(text).flatMap(([, job]) => job.steps);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const checkout of checkouts)
      expect(checkout.with).toMatchObject({ "persist-credentials": false });
  });

  test("puts nothing that others choose into a shell", () => {
    const scripts = jobsOf(text).flatMap(([, job]) => job.steps.map(({ run }) => run ?? ""));
    expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
  });

  test("runs scripts that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z0-9:-]*)/g)];
    expect(named.filter(([, name = ""]) => !(name in scripts))).toEqual([]);
  });

  test("shows secrets to no job that a pull request could start", () => {
    const { on, jobs } = parse(text) as Workflow;
    const withSecrets = Object.values(jobs).filter((job) =>
      JSON.stringify(job).includes("secrets."),
    );
    expect("pull_request_target" in on).toBe(false);
    if ("pull_request" in on) expect(withSecrets).toEqual([]);
    expect(withSecrets.filter(({ environment }) => environment !== "release")).toEqual([]);
  });
});

describe("a release", () => {
  const { on, jobs } = workflow("release.yml");

  test("is made of a tag, after all tests and a look at known faults", () => {
    expect(Object.keys(on)).toEqual(["push"]);
    expect(on["push"]).toEqual({ tags: [expect.stringMatching(/^v/)] });
    const commands = jobs["check"]?.steps.map(({ run }) => run);
    expect(commands).toEqual(expect.arrayContaining(["npm audit --omit=dev", "npm test"]));
    for (const name of ["images", "command-line"]) expect(jobs[name]?.needs).toBe("check");
  });

  test("has every image that the Dockerfile ends in, for two platforms, with provenance and its bill of materials", () => {
    const images = [...DOCKERFILE.matchAll(/^FROM (?:--platform=\S+ )?\S+ AS ([\w-]+)$/gm)]
      .map(([, name = ""]) => name)
      .filter(
        (name) => !DOCKERFILE.includes(`FROM ${name} `) && !DOCKERFILE.includes(`--from=${name} `),
      );
    expect([...(jobs["images"]?.strategy?.matrix["target"] ?? [])].sort()).toEqual(images.sort());
    expect(
      OURS.map(([, { build }]) => build?.target).filter((one) => !images.includes(one ?? "")),
    ).toEqual([]);
    const build = jobs["images"]?.steps.map(({ run }) => run ?? "").join("\n") ?? "";
    for (const option of [
      "--platform linux/amd64,linux/arm64",
      "--provenance mode=max",
      "--sbom true",
    ])
      expect(build).toContain(option);
    expect(attested("images")).toMatchObject([{ "push-to-registry": true }]);
  });

  test("publishes the command line as the workflow, with provenance and without a token", () => {
    const job = jobs["command-line"];
    expect(job?.permissions).toMatchObject({ "id-token": "write", attestations: "write" });
    expect(JSON.stringify(job)).not.toContain("secrets.");
    expect(job?.steps.map(({ run }) => run)).toContain("npm publish --workspace cli --provenance");
    expect(attested("command-line")).toEqual([{ "subject-path": "cli/dist/wharf.mjs" }]);
  });

  function attested(name: string) {
    return jobs[name]?.steps
      .filter(({ uses }) => uses?.startsWith("actions/attest-build-provenance@"))
      .map((step) => step.with);
  }
});
