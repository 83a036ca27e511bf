import { expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { IMAGE_TYPE } from "#tests/support/manifest-texts.js";

const digest = (name: string): Digest => digestOf(Buffer.from(name));
const part = (name: string) => ({ digest: digest(name) });

test("what not everybody reads in the same way may name whatever any reader takes for a part of it", () => {
  const unclear = {
    ...{ Config: part("config"), layers: [part("layer"), { Digest: digest("folded") }] },
    ...{ blobs: [part("blob")], fsLayers: [{ blobSum: digest("first format") }] },
    ...{ manifests: [part("child")], SUBJECT: part("subject"), other: [part("other")] },
  };
  const read = atOnce(readStanding(Buffer.from(JSON.stringify(unclear)), IMAGE_TYPE));
  expect(read).toMatchObject({
    ...{ kind: "unclear", children: [digest("child")], subjects: [digest("subject")] },
    blobs: ["config", "layer", "folded", "blob", "first format"].map(digest),
  });
});
