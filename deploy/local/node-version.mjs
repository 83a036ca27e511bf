const WANTED = [20, 19];

/** Ends the process with a clear message on a Node that is too old. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) return;
  console.error(`wharfinger: needs Node ${WANTED.join(".")} or later, this is ${process.version}`);
  process.exit(1);
}
