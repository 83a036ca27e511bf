import { startSecondGateway } from "#tests/support/running-gateway.js";
import type { Scene } from "../support/scene.js";
import { GATEWAY, type Topic } from "../support/topic.js";

/** @returns the start of a gateway, until it says that it is ready */
export function startTopics({ stack }: Scene): Topic[] {
  const run = async () => {
    const begun = performance.now();
    const second = await startSecondGateway(stack);
    const value = (performance.now() - begun) / 1_000;
    await second.stop();
    return { value, count: 1 };
  };
  const targets = [
    {
      what: "seconds",
      wanted: 1.5,
      isMost: true,
      reached: ({ gateway }: Readonly<Record<string, { value: number }>>) => gateway?.value ?? NaN,
    },
  ];
  const title =
    "start of the gateway to ready (processor time and memory are those of the one beside it)";
  return [{ name: "start", title, unit: "s", sides: [{ name: GATEWAY, run }], targets }];
}
