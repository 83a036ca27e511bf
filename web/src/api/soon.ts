/**
 * Runs something in a turn of its own: what is on the screen takes a key or a click before all that it shows is asked for.
 *
 * @param run - what is run
 * @returns ends it, if it was not run yet
 */
export function soon(run: () => void): () => void {
  const timer = setTimeout(run);
  return () => {
    clearTimeout(timer);
  };
}
