const EVERY_MILLISECONDS = { terminal: 200, file: 2_000 };

/**
 * On a terminal one line that changes; elsewhere a line now and then.
 *
 * @param stream - where progress is told
 * @param write - says it in one short line
 * @returns to be called whenever there is any: too often is told no more than now and then
 */
export function progressTo<T>(
  stream: NodeJS.WriteStream,
  write: (state: T) => string,
): (state: T) => void {
  let told = Date.now();
  return (state) => {
    const every = stream.isTTY ? EVERY_MILLISECONDS.terminal : EVERY_MILLISECONDS.file;
    if (Date.now() - told < every) return;
    told = Date.now();
    const line = write(state);
    stream.write(stream.isTTY ? `\r\u001b[K${line}` : `… ${line}\n`);
  };
}
