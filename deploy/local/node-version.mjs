const WANTED = 24;

/** Ends the process with a clear message on a Node that is too old: npm's scripts run on the pinned one. */
export function checkNodeVersion() {
  if (Number(process.versions.node.split(".")[0]) >= WANTED) return;
  const found = `this is ${process.version}`;
  console.error(
    `wharfinger: needs Node ${WANTED} or later, ${found}: npm's scripts bring their own`,
  );
  process.exit(1);
}
