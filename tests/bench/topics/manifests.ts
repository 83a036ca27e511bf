import { digestOf } from "#tests/support/registry-client.js";
import { headLoad } from "../support/head-load.js";
import type { Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Side, type Target, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/bench";
const TAG = "base";
const TYPE = "application/vnd.oci.image.manifest.v1+json";
const CONNECTIONS = 16;

const TARGETS: readonly Target[] = [
  { what: "gateway / bare registry", wanted: 8, reached: ratio(GATEWAY, "bare") },
  { what: "gateway / Node's bare server", wanted: 0.35, reached: ratio(GATEWAY, "node") },
  {
    what: "p99 / p50",
    wanted: 4,
    isMost: true,
    reached: ({ gateway }) => (gateway?.p99 ?? NaN) / (gateway?.p50 ?? NaN),
  },
];

/** @returns GET of a manifest by tag and by digest, and HEAD by tag, warm */
export async function manifestTopics(scene: Scene): Promise<Topic[]> {
  const { client, urls, isQuick } = scene;
  await client.push(REPOSITORY, TAG, "base");
  const { text: body } = await client.manifest(REPOSITORY, TAG);
  const digest = digestOf(body);
  const headers = { "Content-Type": TYPE, "Docker-Content-Digest": digest, ETag: `"${digest}"` };
  const node = await scene.startBareServer({ headers, body });
  // One that ends in the middle of a run is verified anew by the next: long runs get a new one.
  const bearer = async () => `Bearer ${await client.token(`repository:${REPOSITORY}:pull`)}`;
  const sidesOf = (reference: string, isHead: boolean): Side[] =>
    Object.entries({ ...urls, node }).map(([name, origin]) => ({
      name,
      run: async () => {
        const load = {
          url: `${origin}/v2/${REPOSITORY}/manifests/${reference}`,
          headers: {
            Accept: TYPE,
            ...(name === GATEWAY ? { Authorization: await bearer() } : {}),
          },
          connections: CONNECTIONS,
          seconds: isQuick ? 1 : 2,
        };
        return isHead ? headLoad(load) : scene.wrk(load);
      },
    }));
  const topic = (name: string, title: string, reference: string, isHead = false): Topic => ({
    ...{ name, title, unit: "/s", targets: TARGETS },
    sides: sidesOf(reference, isHead),
  });
  return [
    topic("manifest-by-tag", "manifest GET by tag, 16 connections", TAG),
    topic("manifest-by-digest", "manifest GET by digest, 16 connections", digest),
    topic("manifest-head", "manifest HEAD by tag, 16 connections", TAG, true),
  ];
}
