import { hammer, type Hammer, type Hammering } from "./hammer.js";

/** The process of `attackers.ts`: told what to do, and when to stop, by messages. */
let running: Hammer | undefined;
process.on("message", (message: "stop" | { count: number; hammering: Hammering }) => {
  if (message === "stop") {
    running?.stop();
    process.send?.(running?.ended() ?? 0);
    return;
  }
  running = hammer(message.count, message.hammering);
  process.send?.("begun");
});
process.on("disconnect", () => process.exit());
