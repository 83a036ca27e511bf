import { runStack } from "../stack/run-stack.js";
import { createStack } from "../stack/stack.js";
import { STOP_ORDER, startTwo } from "./parts.js";
import { readTwoSettings } from "./settings.js";

await runStack((say) => {
  const settings = readTwoSettings(process.env);
  const start = (parts: Parameters<typeof startTwo>[0]) => startTwo(parts, settings.registryBin2);
  return createStack(settings, say, { start, stopOrder: STOP_ORDER });
});
