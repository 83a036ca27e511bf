import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { Access, Action } from "#registry-protocol/scope.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { imageText } from "#tests/support/manifest-texts.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import {
  newSigner,
  startTokenAuthority,
  type TokenAuthority,
  type TokenClaims,
} from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** What stands where: the same bytes in several repositories, of names that begin with one another, too. */
const STANDS: Readonly<Record<string, readonly string[]>> = {
  "alpha/app": ["one", "two"],
  "alpha/app/part": ["two", "three"],
  "alpha/app-more": ["three"],
  "beta/app": ["one", "four"],
};
const REPOSITORIES = Object.keys(STANDS);
const CONTENTS = ["one", "two", "three", "four"];
const METHODS = ["GET", "HEAD", "GET if changed"] as const;
const AT_ONCE = 16;

/** Somebody, and which of the repositories they may read. */
interface Identity {
  readonly name: string;
  readonly reads: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

let ledger: StartedLedger;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;
let identities: readonly Identity[];

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  upstream = await startUpstream(manifestRegistry().handler);
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db: ledger.db,
    hears: ledger.config,
  });
  identities = await everybody();
  const owner = identities.find(({ name }) => name === "everything");
  for (const [repository, contents] of Object.entries(STANDS))
    for (const content of contents) {
      const path = `/v2/${repository}/manifests/${content}`;
      const headers = { ...owner?.headers, "Content-Type": MEDIA_TYPE };
      const pushed = await ask(gateway.url, path, {
        method: "PUT",
        headers,
        body: textOf(content),
      });
      expect(pushed.status).toBe(201);
    }
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await authority.server.stop();
  await ledger.stop();
});

describe("what is kept in memory", () => {
  test("is given to nobody who may not read that repository, whoever read it before or at the same time", async () => {
    const reads = everyRead();
    const [shuffled = []] = fc.sample(fc.shuffledSubarray(reads, { minLength: reads.length }), 1);
    upstream.seen.length = 0;
    const wrong: string[] = [];
    for (let from = 0; from < shuffled.length; from += AT_ONCE)
      await Promise.all(
        shuffled.slice(from, from + AT_ONCE).map(async (read) => {
          const outcome = await outcomeOf(read);
          if (outcome !== expectedOf(read))
            wrong.push(`${read.identity.name}: ${read.method} ${targetOf(read)}: ${outcome}`);
        }),
      );
    expect(wrong).toEqual([]);
    expect(shuffled).toHaveLength(identities.length * REPOSITORIES.length * CONTENTS.length * 6);
    // So everything that was given was the ledger's or from memory: the registry was asked for what does not stand.
    const standing = everyRead().filter(stands).map(targetOf);
    expect(upstream.seen.filter(({ target }) => standing.includes(target))).toEqual([]);
  });
});

/** One request for one manifest. */
interface Read {
  readonly identity: Identity;
  readonly repository: string;
  readonly content: string;
  readonly by: "tag" | "digest";
  readonly method: "GET" | "HEAD" | "GET if changed";
}

function everyRead(): Read[] {
  return identities.flatMap((identity) =>
    REPOSITORIES.flatMap((repository) =>
      CONTENTS.flatMap((content) =>
        (["tag", "digest"] as const).flatMap((by) =>
          METHODS.map((method) => ({ identity, repository, content, by, method })),
        ),
      ),
    ),
  );
}

function stands({ repository, content }: Read): boolean {
  return STANDS[repository]?.includes(content) ?? false;
}

function targetOf({ repository, content, by }: Read): string {
  return `/v2/${repository}/manifests/${by === "tag" ? content : digestFor(content)}`;
}

/** A refusal is the same for what stands there and for what does not: it says nothing of either. */
function expectedOf(read: Read): string {
  const { identity, repository, method } = read;
  if (!identity.reads.includes(repository)) return method === "HEAD" ? "401" : "401 UNAUTHORIZED";
  if (!stands(read)) return "404";
  return method === "GET if changed" ? "304 right" : "200 right";
}

async function outcomeOf(read: Read): Promise<string> {
  const { identity, content, method } = read;
  const digest = digestFor(content);
  const condition = method === "GET if changed" ? { "If-None-Match": `"${digest}"` } : {};
  const answer = await ask(gateway.url, targetOf(read), {
    method: method === "HEAD" ? "HEAD" : "GET",
    headers: { ...identity.headers, ...condition, Accept: MEDIA_TYPE },
  });
  const { status, headers, body } = answer;
  const told = [headers["docker-content-digest"], headers.etag?.replaceAll('"', "")];
  const isBody = body.toString() === (method === "GET" ? textOf(content) : "");
  if (isBody && told.every((value) => value === digest)) return `${status} right`;
  if (told.some((value) => value !== undefined) || body.includes(textOf(content)))
    return `${status} that says what stands there`;
  // The registry's double has no words for what it does not have.
  if (body.length === 0 || status === 404) return String(status);
  return `${status} ${errorOf(answer).code}`;
}

function digestFor(content: string): Digest {
  return digestOf(Buffer.from(textOf(content)));
}

function textOf(content: string): string {
  return imageText({ content });
}

async function everybody(): Promise<Identity[]> {
  const stranger = await newSigner();
  const to = (actions: readonly Action[], repositories = REPOSITORIES): Access[] =>
    repositories.map((name) => ({ type: "repository", name, actions }));
  const all: TokenClaims = { access: to(["pull", "push"]) };
  const as = async (
    name: string,
    claims: TokenClaims,
    reads: readonly string[] = [],
    signer: Pick<TokenAuthority, "sign"> = authority,
  ): Promise<Identity> => ({
    name,
    reads,
    headers: { Authorization: `Bearer ${await signer.sign({ subject: name, ...claims })}` },
  });
  return [
    { name: "nobody", reads: [], headers: {} },
    await as("everything", all, REPOSITORIES),
    ...(await Promise.all(
      REPOSITORIES.map((name) => as(`reads ${name}`, { access: to(["pull"], [name]) }, [name])),
    )),
    await as("reads a part of alpha", { access: to(["pull"], ["alpha"]) }),
    await as("pushes", { access: to(["push"]) }),
    await as("deletes", { access: to(["delete"]) }),
    await as("lists", { access: [{ type: "registry", name: "catalog", actions: ["*"] }] }),
    await as("was refused", { refused: [{ type: "repository", name: "alpha/app", actions: ["pull"], reason: "no" }] }), // prettier-ignore
    await as("expired", { ...all, expiresIn: -3_600, notBefore: -7_200 }),
    await as("not yet", { ...all, notBefore: 3_600, expiresIn: 7_200 }),
    await as("of another issuer", { ...all, issuer: "elsewhere" }),
    await as("for another service", { ...all, audience: "elsewhere" }),
    await as("of another key", all, [], stranger),
  ];
}
