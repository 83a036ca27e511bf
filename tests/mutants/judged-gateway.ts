import type { Judged } from "./judged.js";
import { all, NO_CODE, SPEED, UNREACHABLE, WORDS } from "./judged-places.js";

const NO_MORE = "an empty queue has no delivery behind its last one; said for the index";

/** Guards of the gateway, beside its ledger and outbox, that nobody can notice. */
export const IN_THE_GATEWAY: readonly Judged[] = [
  ...all("gateway/src/proxy/caller.ts", "an error of another class names no claim", [
    "error instanceof errors.JWTClaimValidationFailed",
  ]),
  ...all("gateway/src/proxy/caller.ts", UNREACHABLE, ['error.claim === "exp"']),
  ...all("gateway/src/proxy/caller.ts", "what says of no end has not ended by any clock", [
    "error instanceof errors.JWTExpired",
  ]),
  ...all(
    "gateway/src/deletion/claim-with-tags.ts",
    "the rule of a virtual latest lets nobody delete it either",
    ["policy.isVirtual({ repository, tag })"],
  ),
  ...all("gateway/src/deletion/kept-manifest.ts", WORDS, ["names.length > MOST_NAMED", "locked"]),
  ...all("gateway/src/deletion/delete-tag.ts", NO_CODE, ["!(error instanceof Fault)"]),
  ...all("gateway/src/deletion/delete-untagged.ts", NO_CODE, ["!(error instanceof Fault)"]),
  ...all("gateway/src/deletion/recover-deletions.ts", UNREACHABLE, ["error instanceof Error"]),
  ...all(
    "gateway/src/deletion/delete-untagged.ts",
    "the tags are told after the decision, which has a lock of its own",
    ["await lockForDeletion(tx, repository)"],
  ),
  ...all("gateway/src/deletion/learn-manifests.ts", "of what is not kept the ledger has no bytes", [
    "isKept",
  ]),
  ...all(
    "gateway/src/proxy/refused-urls.ts",
    "a layer without urls is one that is needed, and those are passed over right behind",
    ["urls.length > 0"],
  ),
  ...all("gateway/src/pulls/recent-reads.ts", "no time is within a minute of none", [
    "gotAt !== undefined",
  ]),
  ...all("gateway/src/outbox/sql/backlog.ts", NO_MORE, ["done_position < last_position"]),
  ...all("gateway/src/outbox/sql/first-of-queues.ts", NO_MORE, [
    "held.done_position < held.last_position",
  ]),
  ...all("gateway/src/outbox/sql/list.ts", NO_MORE, ["queue.done_position < queue.last_position"]),
  ...all("gateway/src/outbox/sql/operate.ts", "an event is of one repository", [
    "delivery.repository = again.repository",
  ]),
  ...all(
    "gateway/src/proxy/put-with-children.ts",
    "saves time: what it passes over is looked for right behind, with all that the index needs",
    [
      'kind === "manifest" && algorithmOf(digest) !== "sha256"',
      'kind === "manifest"',
      'algorithmOf(digest) !== "sha256"',
    ],
  ),
  ...all(
    "gateway/src/proxy/manifest-turns.ts",
    "what says no length is not less than any number either",
    ['framing.kind === "length"'],
  ),
  ...all("gateway/src/proxy/start-upload.ts", "what comes in chunks says no length, and so not 0", [
    'framing.kind === "length"',
  ]),
  ...all("gateway/src/proxy/disguised-deletion.ts", UNREACHABLE, ['reading.kind !== "image"']),
  ...all("gateway/src/proxy/disguised-deletion.ts", NO_CODE, ["error instanceof Fault"]),
  ...all("gateway/src/proxy/blob-read.ts", UNREACHABLE, ["answer.statusCode !== undefined"]),
  ...all("gateway/src/proxy/manifest-at-once.ts", "nothing is in memory under no digest", [
    "digest === null",
  ]),
  ...all("gateway/src/proxy/referrers-list.ts", UNREACHABLE, ["last === null"]),
  ...all(
    "gateway/src/proxy/known-keys.ts",
    "while nothing was told there are no keys, and they are asked for either way",
    ["toldAt !== null"],
  ),
  ...all(
    "gateway/src/proxy/tags-list.ts",
    "without it the registry is asked as well, after a line in the log",
    ["listed === null"],
  ),
  ...all(
    "gateway/src/api/event-stream.ts",
    "a client that has gone ends the stream by its signal as well",
    ["!res.destroyed"],
  ),
  ...all(
    "gateway/src/api/audit-question-operations.ts",
    "what is no quarter is refused by its form: it stands for the compiler",
    ["quarter === null"],
  ),
  ...all(
    "gateway/src/api/in-use-operations.ts",
    "a tag that is not there is none to the statement either",
    ['"tag" in of'],
  ),
  ...all("gateway/src/proxy/close-upload.ts", "a digest that is none has been refused before", [
    "isDigest(digest)",
  ]),
  ...all("gateway/src/pulls/sql/bound-pulls.ts", SPEED, ["records > $2"]),
  ...all("gateway/src/proxy/plan.ts", UNREACHABLE, [
    "assertNever(request)",
    "throw new Error(`no plan for ${JSON.stringify(request satisfies RegistryRequest)}`);",
  ]),
];
