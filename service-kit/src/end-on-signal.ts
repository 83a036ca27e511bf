/** @returns what is aborted when the process is told to end: a command stops where it can */
export function endOnSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      ending.abort(new Error(`ended by ${signal}`));
    });
  return ending.signal;
}
