import { serviceBeside } from "#tests/support/service-beside.js";
import type { Scene } from "../support/scene.js";
import { ratio, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/processes";
const TYPE = "application/vnd.oci.image.manifest.v1+json";
const [ONE, TWO] = ["1 process", "2 processes"];

/** @returns GET of a manifest from a gateway of one process, and of two */
export async function processTopics({ stack, client, wrk, isQuick }: Scene): Promise<Topic[]> {
  await client.push(REPOSITORY, "base", "base");
  const run = async (processes: number) => {
    const gateway = await serviceBeside(stack, "gateway", { GATEWAY_PROCESSES: String(processes) });
    await gateway.start();
    try {
      const token = await client.token(`repository:${REPOSITORY}:pull`);
      const load = {
        url: `${gateway.url}/v2/${REPOSITORY}/manifests/base`,
        headers: { Accept: TYPE, Authorization: `Bearer ${token}` },
        connections: 32,
      };
      // What is compiled while it runs has been by then.
      await wrk({ ...load, seconds: 2 });
      return await wrk({ ...load, seconds: isQuick ? 2 : 4 });
    } finally {
      await gateway.stop();
    }
  };
  const sides = [
    { name: ONE, run: () => run(1) },
    { name: TWO, run: () => run(2) },
  ];
  const gained = { what: "2 processes / 1 process", wanted: 1.3, reached: ratio(TWO, ONE) };
  const title = "manifest GET by tag, 32 connections, GATEWAY_PROCESSES";
  return [{ name: "processes", title, unit: "/s", sides, targets: [gained] }];
}
