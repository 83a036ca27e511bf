import { pushTags } from "../support/many-tags.js";
import type { Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/many-tags";
const TAGS = 10_000;
const CONNECTIONS = 4;

/** @returns a page of 100 of ten thousand tags */
export async function listTopics(scene: Scene): Promise<Topic[]> {
  const { client, urls, isQuick } = scene;
  await pushTags(scene, REPOSITORY, TAGS);
  const bearer = async () => `Bearer ${await client.token(`repository:${REPOSITORY}:pull`)}`;
  const sides = Object.entries(urls).map(([name, origin]) => ({
    name,
    run: async () =>
      scene.wrk({
        url: `${origin}/v2/${REPOSITORY}/tags/list?n=100`,
        headers: name === GATEWAY ? { Authorization: await bearer() } : {},
        connections: CONNECTIONS,
        seconds: isQuick ? 1 : 2,
      }),
  }));
  const targets = [
    { what: "gateway / bare registry", wanted: 20, reached: ratio(GATEWAY, "bare") },
  ];
  const title = "tags/list of 10,000 tags, n=100, 4 connections";
  return [{ name: "tags-list", title, unit: "/s", sides, targets }];
}
