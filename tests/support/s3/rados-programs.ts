import { join } from "node:path";
import { findDebianPackage } from "../debian-package.js";

/** Ceph's programs, as Debian has them, in a folder. */
export interface RadosPrograms {
  /** Folder of what the programs load. */
  readonly libraries: string;
  /** Environment in which they find each other and their libraries. */
  readonly env: Record<string, string>;
}

/** @returns Ceph's programs, downloaded when need be (66 MB); or the reason why they cannot be had */
export async function findRadosPrograms(): Promise<RadosPrograms | string> {
  const found = await findDebianPackage("radosgw", ["ceph-mon", "ceph-osd", "curl"]);
  if (typeof found === "string") return found;
  const { root, env } = found;
  const libraries = join(root, "usr", "lib", "x86_64-linux-gnu");
  return {
    libraries,
    // The library that all programs share lies in a folder that they look for below /usr.
    env: { PATH: env.PATH, LD_LIBRARY_PATH: `${join(libraries, "ceph")}:${env.LD_LIBRARY_PATH}` },
  };
}
