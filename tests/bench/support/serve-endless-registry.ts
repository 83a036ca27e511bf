import { startEndlessRegistry } from "./endless-registry.js";
import type { Shape } from "./generated.js";

/** A registry in a process of its own, as it is beside a gateway; ends with its parent. */
const registry = await startEndlessRegistry(JSON.parse(process.argv[2] ?? "") as Shape);
process.on("disconnect", () => void registry.stop());
process.send?.(registry.url);
