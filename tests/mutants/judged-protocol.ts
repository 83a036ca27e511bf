import type { Judged } from "./judged.js";
import { all, type JudgedPlaces } from "./judged-places.js";

const ONE_KIND =
  "two manifests of one media type are of one kind, and the media types are compared before";
const THROWN = "nothing but problems with JSON is thrown there";
const WORDS = "chooses words of a reason, not the answer";
const COMPILER = "stands for the compiler: what it looks for was looked for before";

const PLACES: readonly JudgedPlaces[] = [
  ["request.ts", COMPILER, ["digest === undefined", "from === undefined"]],
  [
    "scope.ts",
    "what has no two colons names no resource that there is, or no action",
    ["first === -1 || first === last", "first === -1", "first === last"],
  ],
  [
    "json/fields.ts",
    "saves time: a longer key folds to none of the names",
    ["key.length <= longest"],
  ],
  [
    "manifest/append-only.ts",
    ONE_KIND,
    [
      'held.kind === "index"',
      'offered.kind === "index"',
      'held.kind === "image" && offered.kind === "image"',
      'held.kind === "image"',
      'offered.kind === "image"',
    ],
  ],
  [
    "storage-marker.ts",
    "what lacks one of them is no marker's text, byte for byte, either",
    [
      "id !== null",
      "id === null || number === null || at === null || nonce === null",
      "id === null",
      "number === null",
      "at === null",
      "nonce === null",
    ],
  ],
  ["manifest/created.ts", "no time is written as null", ["text === null"]],
  ["manifest/default-image.ts", ONE_KIND, ['manifest.kind !== "index"']],
  [
    "manifest/difference.ts",
    WORDS,
    ['held.reading.kind === "index"', 'offered.reading.kind === "index"'],
  ],
  ["manifest/image-parts.ts", THROWN, ["error instanceof JsonProblem"]],
  ["manifest/media-type.ts", WORDS, ["SCHEMA_1.test(mediaType)"]],
  [
    "manifest/read-standing.ts",
    THROWN,
    ["!(error instanceof JsonProblem)", "error instanceof JsonProblem"],
  ],
];

/** Of `registry-protocol`. */
export const IN_THE_PROTOCOL: readonly Judged[] = PLACES.flatMap(([file, reason, texts]) =>
  all(`registry-protocol/src/${file}`, reason, texts),
);
