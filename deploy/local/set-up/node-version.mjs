/** Ends the process with a clear message on a Node that is too old. */
export function checkNodeVersion() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return;
  const found = `needs Node 24 or later, this is ${process.version}`;
  console.error(`wharfinger: ${found}: start it by npm's scripts, which bring their own`);
  process.exit(1);
}
