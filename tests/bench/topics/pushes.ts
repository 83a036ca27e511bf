import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { SMALL_TYPE, smallManifest } from "#tests/support/small-images.js";
import type { Scene } from "../support/scene.js";
import { send } from "../support/send.js";
import { GATEWAY, median, ratio, type Medians, type Sample, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/pushes";
const AT_ONCE = 16;
const FSYNC_BYTES = 8 * 1024;

/** @returns pushes of small manifests under new tags, one after the other and many at once */
export async function pushTopics(scene: Scene): Promise<Topic[]> {
  const { client, urls, isQuick } = scene;
  const agent = new Agent({ keepAlive: true });
  await putConfiguration(urls.bare, agent);
  const bearer = async () => `Bearer ${await client.token(`repository:${REPOSITORY}:pull,push`)}`;
  const headersFor = async (name: string): Promise<Record<string, string>> =>
    name === GATEWAY ? { Authorization: await bearer() } : {};
  const push = (origin: string, headers: Readonly<Record<string, string>>) => {
    const tag = randomUUID();
    const url = new URL(`/v2/${REPOSITORY}/manifests/${tag}`, origin);
    const typed = { ...headers, "Content-Type": SMALL_TYPE };
    return send(url, { agent, method: "PUT", headers: typed, body: smallManifest(tag), wanted: 201 }); // prettier-ignore
  };
  const asked = Object.entries({ gateway: urls.gateway, bare: urls.bare });
  const onePush = asked.map(([name, origin]) => ({
    name,
    run: async () => {
      const headers = await headersFor(name);
      return timed(isQuick ? 20 : 40, () => push(origin, headers));
    },
  }));
  const many = asked.map(([name, origin]) => ({
    name,
    run: async () => {
      const headers = await headersFor(name);
      return atOnce(isQuick ? 1_000 : 2_000, () => push(origin, headers));
    },
  }));
  // As of a service that has run for a while: what Node has not met before it interprets.
  if (!isQuick) for (const side of many) await side.run().then(side.run);
  const fsync = { name: "fsync", run: () => timeFsync(join(scene.folder, "fsync")) };
  const more = ({ gateway, bare }: Medians) => (gateway?.value ?? NaN) - (bare?.value ?? NaN);
  return [
    {
      name: "push-one",
      title: "push of a small manifest, one after the other, p50",
      unit: "ms",
      sides: [...onePush, fsync],
      targets: [
        { what: "gateway - bare registry, in ms", wanted: 6, isMost: true, reached: more },
        {
          what: "(gateway - bare registry) / fsync",
          wanted: 2,
          isMost: true,
          reached: (medians) => more(medians) / (medians["fsync"]?.value ?? NaN),
        },
      ],
    },
    {
      name: "push-many",
      title: "pushes of small manifests, 16 at once",
      unit: "/s",
      sides: many,
      targets: [{ what: "gateway / bare registry", wanted: 0.7, reached: ratio(GATEWAY, "bare") }],
    },
  ];
}

async function putConfiguration(origin: string, agent: Agent): Promise<void> {
  const uploads = new URL(`/v2/${REPOSITORY}/blobs/uploads/`, origin);
  const started = await send(uploads, { agent, headers: {}, method: "POST", wanted: 202 });
  const location = new URL(String(started.headers.location), origin);
  const { config } = JSON.parse(smallManifest("")) as { config: { digest: string } };
  location.searchParams.set("digest", config.digest);
  const headers = { "Content-Type": "application/octet-stream" };
  await send(location, { agent, headers, method: "PUT", body: "{}", wanted: 201 });
}

async function timed(count: number, work: () => Promise<unknown>): Promise<Sample> {
  const taken: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const since = performance.now();
    await work();
    taken.push(performance.now() - since);
  }
  return { value: median(taken), count };
}

async function atOnce(milliseconds: number, work: () => Promise<unknown>): Promise<Sample> {
  const begun = performance.now();
  let count = 0;
  const worker = async () => {
    for (; performance.now() - begun < milliseconds; count += 1) await work();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { value: (count * 1_000) / (performance.now() - begun), count };
}

async function timeFsync(file: string): Promise<Sample> {
  const handle = await open(file, "w");
  try {
    const bytes = Buffer.alloc(FSYNC_BYTES, 1);
    return await timed(20, async () => {
      await handle.write(bytes);
      await handle.datasync();
    });
  } finally {
    await handle.close();
  }
}
