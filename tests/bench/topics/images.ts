import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import type { Outcome } from "#local/processes/run-program.js";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { skopeo } from "#tests/support/skopeo.js";
import { LOGIN, type Scene } from "../support/scene.js";
import { send } from "../support/send.js";
import { GATEWAY, ratio, type Sample, type Side, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/images";
const LAYERS = Array.from({ length: 20 }, () => 1024 * 1024);
const SMALL_LAYERS = Array.from({ length: 5 }, () => 64 * 1024);
const TYPE = "application/vnd.oci.image.manifest.v1+json";

/** @returns whole pushes and pulls by skopeo, and many pulls of one image at once */
export async function imageTopics(scene: Scene): Promise<Topic[]> {
  const { urls, folder, isQuick } = scene;
  const sidesOf = (run: (name: string, url: string) => Promise<Sample>): Side[] =>
    Object.entries({ gateway: urls.gateway, bare: urls.bare }).map(([name, url]) => ({
      name,
      run: () => run(name, url),
    }));
  const clientOf = (name: string, url: string) => skopeo(url, name === GATEWAY ? LOGIN : null);
  let made = 0;
  const push = async (name: string, url: string) => {
    made += 1;
    const image = await makeImage(join(folder, `image-${made}`), LAYERS);
    const sample = await timed(() => clientOf(name, url).push(image, `${REPOSITORY}:v${made}`));
    await rm(image.path, { recursive: true });
    return sample;
  };
  const image = await makeImage(join(folder, "image"), LAYERS);
  await timed(() => clientOf(GATEWAY, urls.gateway).push(image, `${REPOSITORY}:pulled`));
  const pull = async (name: string, url: string) => {
    const into = join(folder, "pulled");
    const sample = await timed(() => clientOf(name, url).pull(`${REPOSITORY}:pulled`, into));
    await rm(into, { recursive: true });
    return sample;
  };
  const small = await makeImage(join(folder, "small"), SMALL_LAYERS);
  await timed(() => clientOf(GATEWAY, urls.gateway).push(small, `${REPOSITORY}:small`));
  const pullers = isQuick ? 50 : 200;
  const many = (name: string, url: string) =>
    pullMany(pullers, {
      url,
      token: name === GATEWAY ? (scope) => scene.client.token(scope) : null,
      image: small,
    });
  const bound = (wanted: number) => [
    { what: "gateway / bare registry", wanted, isMost: true, reached: ratio(GATEWAY, "bare") },
  ];
  const log = join(scene.stack.dataDir, "logs", "registry.log");
  const seen: number[] = [];
  const counted = async (name: string, url: string) => {
    const before = manifestsAskedFor(log, small);
    const sample = await many(name, url);
    if (name === GATEWAY) seen.push(manifestsAskedFor(log, small) - before);
    return sample;
  };
  const once = {
    // In the first, what the push has set going is still looking.
    ...{ what: "requests for the manifest that the registry saw in a round but the first" },
    ...{ wanted: 1, isMost: true, reached: () => Math.max(...seen.slice(1)) },
  };
  const titled = (name: string, title: string) => ({ name, title, unit: "s" });
  return [
    { ...titled("image-push", "push of an image of 20 layers by skopeo"), sides: sidesOf(push), targets: bound(1.05) }, // prettier-ignore
    { ...titled("image-pull", "pull of an image of 20 layers by skopeo"), sides: sidesOf(pull), targets: bound(1.05) }, // prettier-ignore
    { ...titled("pulls-at-once", `${pullers} pulls of one image at once, each with a token`), sides: sidesOf(counted), targets: [...bound(1), once] }, // prettier-ignore
  ];
}

/** By tag or digest, as the registry's log of requests has it. */
function manifestsAskedFor(log: string, { digest }: OciLayout): number {
  const line = new RegExp(`"(?:GET|HEAD) /v2/${REPOSITORY}/manifests/(?:small|${digest}) `, "g");
  return readFileSync(log, "utf8").match(line)?.length ?? 0;
}

async function timed(work: () => Promise<Outcome>): Promise<Sample> {
  const begun = performance.now();
  const { ok, output } = await work();
  if (!ok) throw new Error(output);
  return { value: (performance.now() - begun) / 1_000, count: 1 };
}

interface Pulled {
  readonly url: string;
  /** Gets a token; absent where none is wanted. */
  readonly token: ((scope: string) => Promise<string>) | null;
  readonly image: OciLayout;
}

/** As containerd pulls: a token, the tag's digest, the manifest, then configuration and layers side by side. */
async function pullMany(count: number, { url, token, image }: Pulled): Promise<Sample> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const begun = performance.now();
  const pullOne = async () => {
    const headers: Record<string, string> = { Accept: TYPE };
    if (token !== null)
      headers["Authorization"] = `Bearer ${await token(`repository:${REPOSITORY}:pull`)}`;
    const get = (path: string, method = "GET") =>
      send(new URL(`/v2/${REPOSITORY}/${path}`, url), { agent, method, headers, wanted: 200 });
    await get("manifests/small", "HEAD");
    await get(`manifests/${image.digest}`);
    await Promise.all(image.blobs.map((digest) => get(`blobs/${digest}`)));
  };
  await Promise.all(Array.from({ length: count }, pullOne));
  agent.destroy();
  return { value: (performance.now() - begun) / 1_000, count };
}
