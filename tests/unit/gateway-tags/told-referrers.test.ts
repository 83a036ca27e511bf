import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { onReferrer } from "#gateway/ledger/told-referrers.js";
import { CHANNELS } from "#service-kit/db/channels.js";

test("of a new referrer is heard in which repository it is, and nothing of what is no name of one", () => {
  const subscriber = new EventEmitter();
  const heard: string[] = [];
  onReferrer(subscriber, (repository) => heard.push(repository));
  for (const told of ["", "ALPHA", "alpha/app"]) subscriber.emit(CHANNELS.referrer, told);
  expect(heard).toEqual(["alpha/app"]);
});
