import type { Header } from "tar-stream";

/** An entry of a layer. */
export interface LayerEntry {
  /** Without a slash before or behind it. */
  readonly path: string;
  /**
   * `removed`: what lower layers have there is not in the image; `emptied`: the same of all that is in that folder (OCI
   * image-spec, "Whiteouts").
   */
  readonly kind: "file" | "folder" | "link" | "symlink" | "device" | "removed" | "emptied";
  /** Permissions, as a number. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly modified: string | null;
  /** Where a link leads; `null` for others. */
  readonly target: string | null;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Of other unions' own files, that are no images'. */
const RESERVED = ".wh..wh.";

const KINDS: Readonly<Record<string, LayerEntry["kind"]>> = {
  ...{ file: "file", "contiguous-file": "file", directory: "folder", link: "link" },
  symlink: "symlink",
};

/**
 * @param header - head of an entry
 * @returns the entry; `null` for what is none of the image's: the root itself, and files of a union's own
 */
export function entryOf(header: Header): LayerEntry | null {
  const { name, type, size, mode, mtime, linkname } = header;
  const components = name.split("/").filter((part) => part !== "" && part !== ".");
  const last = components.at(-1);
  if (last === undefined) return null;
  const folder = components.slice(0, -1);
  const common = { mode: mode & 0o7777, modified: timeOf(mtime) };
  if (last === OPAQUE)
    return { ...common, path: folder.join("/"), kind: "emptied", size: 0, target: null };
  if (last.startsWith(RESERVED)) return null;
  if (last.startsWith(WHITEOUT)) {
    const path = [...folder, last.slice(WHITEOUT.length)].join("/");
    return { ...common, path, kind: "removed", size: 0, target: null };
  }
  const kind = KINDS[type] ?? "device";
  const isLink = kind === "link" || kind === "symlink";
  const target = isLink ? linkname : null;
  return { ...common, path: components.join("/"), kind, size: kind === "file" ? size : 0, target };
}

function timeOf(time: Date): string | null {
  if (Number.isNaN(time.getTime()) || time.getTime() <= 0) return null;
  return time.getTime() < 8e15 ? time.toISOString() : null;
}
