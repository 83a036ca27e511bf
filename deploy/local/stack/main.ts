import { readLocalSettings } from "../settings.js";
import { runStack } from "./run-stack.js";
import { createStack } from "./stack.js";

await runStack((say) => createStack(readLocalSettings(process.env), say));
