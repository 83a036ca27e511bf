import { join } from "node:path";

/** Folders of the person who looks after the keys. */
export interface OperatorFolders {
  /** The authorities' keys: nobody's at run time, and may be put away between two commands. */
  readonly authority: string;
  /** Services' keys: each is given its own folder in it and no other. */
  readonly keys: string;
  /** What everybody may read: the bundles of certificates. */
  readonly trust: string;
}

/** The service whose keys are certified. */
export const CERTIFIED_OWNER = "gateway";

/**
 * @param root - folder for everything
 * @returns where things are in it
 */
export function operatorFolders(root: string): OperatorFolders {
  return { authority: join(root, "authority"), keys: root, trust: join(root, "trust") };
}
