/** Owner and permission bits of a file. */
export interface FileMode {
  readonly mode: number;
  readonly uid: number;
}

/**
 * @param file - a file with a key
 * @param ownUid - user of this process; absent: no such thing here
 * @returns whether others than its owner can read it. Where that is somebody else its group may: so Kubernetes gives a
 *   Secret to a pod that is not root (`fsGroup`)
 */
export function isReadableByOthers({ mode, uid }: FileMode, ownUid = process.getuid?.()): boolean {
  const bits = uid === ownUid ? 0o077 : 0o037;
  return (mode & bits) !== 0;
}
