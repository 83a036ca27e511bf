import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { onDeletedManifest } from "#gateway/ledger/deleted-manifests.js";
import { CHANNELS } from "#service-kit/db/channels.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;

test("of a deleted manifest is heard which one it is, and nothing of what names none", () => {
  const subscriber = new EventEmitter();
  const heard: object[] = [];
  onDeletedManifest(subscriber, (address) => heard.push(address));
  for (const told of [
    "",
    "alpha/app",
    `ALPHA@${DIGEST}`,
    "alpha/app@sha256:0",
    `alpha/app@${DIGEST}`,
  ])
    subscriber.emit(CHANNELS.deletedManifest, told);
  expect(heard).toEqual([{ repository: "alpha/app", digest: DIGEST }]);
});
