/** What one search for a source may cost. */
export interface SearchLimits {
  /** Bytes of layers taken from the registry, all layers together. */
  readonly compressedBytes: number;
  /** Bytes of layers after decompression, all layers together. */
  readonly bytes: number;
  /** Entries of layers, all together. */
  readonly entries: number;
  /** Bytes of `scm-source.json`. */
  readonly fileBytes: number;
  /** Bytes of an image's configuration. */
  readonly configBytes: number;
  /** How long layers may be read. */
  readonly layerMilliseconds: number;
}

const MIB = 1024 * 1024;

/** Off the way of a push, nobody waits. */
export const SEARCH_LIMITS: SearchLimits = {
  compressedBytes: 128 * MIB,
  bytes: 512 * MIB,
  entries: 200_000,
  fileBytes: 64 * 1024,
  configBytes: 4 * MIB,
  layerMilliseconds: 60_000,
};

/** A search went as far as it may: final, since the image does not change. */
export class OverLimit extends Error {
  override readonly name = "OverLimit";
}

/** What is left of a search's limits. */
export interface SearchBudget {
  readonly limits: SearchLimits;
  /** @throws OverLimit when more is spent than there is */
  spend(what: "compressedBytes" | "bytes" | "entries", amount: number): void;
}

const WORDS = {
  compressedBytes: "bytes of layers",
  bytes: "bytes of decompressed layers",
  entries: "entries in layers",
} as const;

/**
 * @param limits - what one search may cost
 * @returns a budget of that
 */
export function searchBudget(limits: SearchLimits): SearchBudget {
  const spent = { compressedBytes: 0, bytes: 0, entries: 0 };
  return {
    limits,
    spend: (what, amount) => {
      spent[what] += amount;
      if (spent[what] > limits[what])
        throw new OverLimit(`more than ${limits[what]} ${WORDS[what]}`);
    },
  };
}
