import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import { root } from "./run.mjs";

const name = `\0wharfinger-set-up-${createHash("sha256").update(root).digest("hex").slice(0, 32)}`;

/**
 * Runs `work` while nobody else does in this clone. The lock is a socket name that lives in the kernel
 * alone: however its holder dies, the lock is gone with it.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {(line: string) => void} say told when somebody else has to be waited for
 * @returns {Promise<T>}
 */
export async function withSetUpLock(work, say) {
  let release = await tryLock();
  if (release === null) say("waiting for another start or test run to finish its set-up");
  while (release === null) {
    await untilFreed();
    release = await tryLock();
  }
  try {
    return await work();
  } finally {
    release();
  }
}

async function tryLock() {
  const waiting = new Set();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => undefined);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(name, () =>
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      }),
    );
  });
}

async function untilFreed() {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket.on("error", () => undefined);
    socket.on("close", resolve);
  });
}
