import { join } from "node:path";
import { readLocalSettings } from "../settings.js";
import { runStack } from "../stack/run-stack.js";
import { createStack } from "../stack/stack.js";
import { STOP_ORDER, startTwo } from "./parts.js";

/** Beside those of `npm start`. */
const DATA_DIR = join(".data", "two");

await runStack((say) =>
  createStack(readLocalSettings({ DATA_DIR, ...process.env }), say, {
    start: startTwo,
    stopOrder: STOP_ORDER,
  }),
);
