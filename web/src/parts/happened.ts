import type { Happened } from "../api/follow.js";
import { T } from "../texts/texts.js";
import { announce } from "../announce.js";

/** Says what has just happened. */
export function tellOf({ action, by, repository, tag }: Happened): void {
  const what = tag === null ? repository : `${repository}:${tag}`;
  announce(T.happened(by.uid === "" ? T.anonymous : by.uid, T.did(action), what));
}
