import type { Readable } from "node:stream";

/** A file that is being read. */
export interface OpenedFile {
  /** Bytes. */
  readonly size: number;
  /** To be read to its end, or destroyed. */
  readonly body: Readable;
}

/** Which folders are not of interest, by their paths: of `true`, nothing below it is looked at. */
export type Skipped = (folder: string) => boolean;

/** Files of a folder or of a bucket, which are only read. */
export interface StoredFiles {
  /** Where they are, for people; without secrets. */
  readonly name: string;
  /**
   * @param folder - path of a folder below the place, without a slash at either end; "" for all
   * @param skipped - folders that are left out; where folders are no more than names, they may come all the same
   * @param signal - ends the listing
   * @returns paths below that folder, in portions; nothing where there is no such folder
   * @throws when they cannot be listed to the end
   */
  list(folder: string, skipped: Skipped, signal: AbortSignal): AsyncGenerator<string[]>;
  /** @returns size of a file in bytes, `null` where there is none. @throws when that cannot be told */
  size(path: string, signal: AbortSignal): Promise<number | null>;
  /** @returns a file, `null` where there is none. @throws when that cannot be told */
  open(path: string, signal: AbortSignal): Promise<OpenedFile | null>;
}
