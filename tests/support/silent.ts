import { createLogger } from "#service-kit/log.js";

/** For parts that want a log which nobody reads. */
export const SILENT = createLogger("test", "silent");
