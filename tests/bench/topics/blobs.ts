import { createHash, randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { send } from "../support/send.js";
import type { Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Sample, type Target, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/blobs";
const MIB = 1024 * 1024;
const STREAMS = 64;

/** @returns GET of a large blob by one and by many, and its PUT */
export async function blobTopics(scene: Scene): Promise<Topic[]> {
  const { client, urls, isQuick } = scene;
  const bearer = async () => `Bearer ${await client.token(`repository:${REPOSITORY}:pull,push`)}`;
  const headersFor = async (name: string): Promise<Record<string, string>> =>
    name === GATEWAY ? { Authorization: await bearer() } : {};
  const pieces = await largeBlob(isQuick ? 64 : 300);
  const down = await largeBlob(isQuick ? 64 : 256);
  await putBlob(urls.bare, {}, down);
  const get = (connections: number) =>
    Object.entries(urls).map(([name, origin]) => ({
      name,
      run: async () =>
        scene.wrk({
          url: `${origin}/v2/${REPOSITORY}/blobs/${down.digest}`,
          headers: await headersFor(name),
          connections,
          seconds: isQuick ? 1 : 3,
          countsBytes: true,
        }),
    }));
  const put = Object.entries(urls).map(([name, origin]) => ({
    name,
    run: async () => putBlob(origin, await headersFor(name), pieces),
  }));
  const vsNginx = { what: "gateway / nginx", wanted: 1, reached: ratio(GATEWAY, "nginx") };
  const vsBare = { what: "gateway / bare registry", wanted: 0.97, reached: ratio(GATEWAY, "bare") };
  const peak: Target = {
    ...{ what: "peak of memory in MiB", wanted: 200, isMost: true },
    reached: (_medians, { peakMebibytes }) => peakMebibytes,
  };
  const unit = "MB/s";
  return [
    { name: "blob-get", title: `blob GET of ${down.mebibytes} MiB`, unit, sides: get(1), targets: [vsNginx] }, // prettier-ignore
    { name: "blob-get-many", title: `blob GET of ${down.mebibytes} MiB, ${STREAMS} at once`, unit, sides: get(STREAMS), targets: [peak] }, // prettier-ignore
    { name: "blob-put", title: `blob PUT of ${pieces.mebibytes} MiB`, unit, sides: put, targets: [vsBare] }, // prettier-ignore
  ];
}

interface Blob {
  readonly pieces: readonly Buffer[];
  readonly mebibytes: number;
  readonly digest: string;
}

async function largeBlob(mebibytes: number): Promise<Blob> {
  const piece = randomBytes(MIB);
  const pieces = Array.from({ length: mebibytes }, () => piece);
  const hash = createHash("sha256");
  for (const one of pieces) hash.update(one);
  return Promise.resolve({ pieces, mebibytes, digest: `sha256:${hash.digest("hex")}` });
}

const agent = new Agent({ keepAlive: true });

async function putBlob(
  origin: string,
  headers: Readonly<Record<string, string>>,
  { pieces, mebibytes, digest }: Blob,
): Promise<Sample> {
  const begun = performance.now();
  const uploads = new URL(`/v2/${REPOSITORY}/blobs/uploads/`, origin);
  const started = await send(uploads, { agent, headers, method: "POST", wanted: 202 });
  const location = new URL(String(started.headers.location), origin);
  location.searchParams.set("digest", digest);
  const whole = {
    ...headers,
    "Content-Type": "application/octet-stream",
    "Content-Length": String(mebibytes * MIB),
  };
  await send(location, { agent, headers: whole, method: "PUT", body: pieces, wanted: 201 });
  const seconds = (performance.now() - begun) / 1_000;
  return { value: (mebibytes * MIB) / 1e6 / seconds, count: 1 };
}
