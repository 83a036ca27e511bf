import type { Component } from "./run-until-signal.js";

/**
 * @param name - of the component
 * @param file - a file that is followed
 * @returns what also looks at it at once on SIGHUP, as long as the process runs
 */
export function reloadOnHangup(
  name: string,
  file: { readonly reload: () => Promise<unknown>; readonly stop: () => void },
): Component {
  const onHangup = () => void file.reload();
  return {
    name,
    start: () => {
      process.on("SIGHUP", onHangup);
      return Promise.resolve();
    },
    stop: () => {
      process.off("SIGHUP", onHangup);
      file.stop();
      return Promise.resolve();
    },
  };
}
