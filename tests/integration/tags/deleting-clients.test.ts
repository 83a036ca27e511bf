import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { errorOf, type Answer } from "#tests/support/http-client.js";
import { testTools } from "#tests/support/tools.js";
import {
  CONFIG,
  image,
  IMAGE_TYPE,
  index,
  manifestOf,
  type TestManifest,
} from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const OLD = "application/vnd.docker.distribution.manifest.v1+json";
const RULES = [
  { id: "releases", tags: ["v-*"], effect: "immutable" },
  { id: "all", effect: "mutable" },
] as const;
const run = promisify(execFile);

/** How clients find the digest that they delete, by their public sources; all of them delete it then. */
const LOOKS = [
  // genuinetools/reg, registry/digest.go
  { client: "reg rm", method: "GET", accept: DOCKER },
  // docker/distribution, registry/client/repository.go, which deckschrubber uses: `tags.Get`
  { client: "deckschrubber", method: "HEAD", accept: `${OLD}, ${DOCKER}, ${LIST}, ${IMAGE_TYPE}` },
  // andrey-pohilko/registry-cli, registry.py, and most registry pages
  { client: "registry.py", method: "HEAD", accept: DOCKER },
] as const;

describe.each(registryPrograms())("clients that delete by digest, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
  });
  afterAll(() => wharf.stop());

  test.each(LOOKS)("$client deletes an image and the tag that it was asked for", async (look) => {
    const manifest = docker(look.client);
    const tag = look.client.replace(" ", "-");
    await wharf.push(manifest, tag);
    const answer = await resolveAndDelete(tag, look);
    expect([answer.status, await wharf.list()]).toEqual([202, expect.not.arrayContaining([tag])]);
    expect(await wharf.atRegistry(manifest.digest)).toBe(404);
  });

  test.each(LOOKS)("$client does not break a list of images in two", async (look) => {
    const child = docker(`amd64 ${look.client}`);
    const other = docker(`arm64 ${look.client}`);
    const both = list([child, "amd64"], [other, "arm64"]);
    const tag = `list-${look.client.replace(" ", "-")}`;
    for (const one of [child, other]) await wharf.push(one);
    await wharf.push(both, tag);
    const answer = await resolveAndDelete(tag, look);
    if (look.accept.includes(LIST)) expect(answer.status).toBe(202);
    else {
      // Who takes no lists is told the image for linux/amd64, as by the stock registry, and would delete that.
      expect([answer.status, errorOf(answer).message]).toEqual([
        409,
        `tags still need this manifest: ${tag} (it is part of an index)`,
      ]);
      expect((await wharf.remove(tag)).status).toBe(202);
    }
    expect(await wharf.atRegistry(child.digest)).toBe(200);
  });

  test("skopeo deletes a tag, a digest, and an index; of what stays it says why", async () => {
    const [one, two, three] = [image("one"), image("two"), image("three")];
    const outer = index("outer", three);
    await wharf.push(one, "skopeo");
    await wharf.push(one, "skopeo-too");
    await wharf.push(two);
    await wharf.push(three);
    await wharf.push(outer, "outer");
    await skopeoDelete(":skopeo");
    await skopeoDelete(`@${two.digest}`);
    await skopeoDelete(":outer");
    expect(await wharf.list()).toEqual([]);
    for (const { digest } of [one, two, outer]) expect(await wharf.atRegistry(digest)).toBe(404);
    await wharf.push(one, "gone-too");
    await wharf.push(one, "v-1");
    await expect(skopeoDelete(":gone-too")).rejects.toThrow(
      /tags still need this manifest: v-1 \(by rule .*\(409 Conflict/,
    );
    expect(await wharf.list()).toEqual(["gone-too", "v-1"]);
  });

  async function resolveAndDelete(
    tag: string,
    { method, accept }: { readonly method: string; readonly accept: string },
  ): Promise<Answer> {
    const target = `/v2/${REPOSITORY}/manifests/${tag}`;
    const looked = await wharf.ask(["pull"], target, { method, headers: { Accept: accept } });
    expect(looked.status).toBe(200);
    return wharf.remove(String(looked.headers["docker-content-digest"]));
  }

  async function skopeoDelete(reference: string): Promise<void> {
    const { skopeo } = testTools();
    const bearer = await wharf.authority.bearer(["pull", "push", "delete"]);
    const token = ["--tls-verify=false", "--registry-token", bearer.replace("Bearer ", "")];
    const name = `docker://${new URL(wharf.gateways[0].url).host}/${REPOSITORY}${reference}`;
    await run(skopeo.file, ["delete", ...token, name], { env: { ...process.env, ...skopeo.env } });
  }
});

function docker(name: string): TestManifest {
  const config = {
    mediaType: "application/vnd.docker.container.image.v1+json",
    digest: digestOf(Buffer.from(CONFIG)),
    size: CONFIG.length,
  };
  return manifestOf(DOCKER, { config, layers: [], name });
}

function list(...children: readonly (readonly [TestManifest, string])[]): TestManifest {
  const manifests = children.map(([{ text, digest, mediaType }, architecture]) => ({
    ...{ mediaType, digest, size: Buffer.byteLength(text) },
    platform: { os: "linux", architecture },
  }));
  return manifestOf(LIST, { manifests });
}
