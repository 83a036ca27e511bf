import { useEffect, useRef } from "preact/hooks";
import { announce } from "../announce.js";
import { useMe } from "../session.jsx";
import { T } from "../texts/texts.js";
import { answerOf, api, onRightsDoubted } from "./ask.js";
import { useLoad } from "./load.js";

/**
 * @param action - what is wanted
 * @param repository - where
 * @returns whether somebody who is logged in may; `false` while that is not known; it is asked anew when something is refused
 */
export function useMay(action: "push" | "delete", repository: string): boolean {
  const me = useMe();
  const [explained, again] = useLoad(`${me?.uid ?? ""} ${action} ${repository}`, async () =>
    me === null
      ? { allow: false }
      : answerOf(api.GET("/explain", { params: { query: { action, repository } } })),
  );
  useEffect(() => onRightsDoubted(again), [again]);
  const may = explained.state === "there" && explained.value.allow;
  const could = useRef(false);
  useEffect(() => {
    // What somebody was about to do goes with its button.
    if (could.current && explained.state === "there" && !may) announce(T.notAllowedToDo);
    could.current = may;
  }, [may]);
  return may;
}
