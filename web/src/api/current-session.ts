import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { answerOf, api, onLoggedOut, type Login, type Shown } from "./ask.js";

/** By whose pages one may log in. */
export type Issuers = Shown<"Session">["issuers"];

/** Who is logged in. */
export interface CurrentSession {
  /** `null`: nobody. */
  readonly me: Login | null | "asking";
  /** Another one for each one who is there after somebody else, or nobody: what they see is asked for anew. */
  readonly turn: number;
  readonly issuers: Issuers;
  /** Somebody has logged in, or out, here; other tabs are told. */
  readonly changed: (login: Login | null) => void;
}

/** The session as it is when the page is opened: asked for before anything is drawn. */
export interface FirstAsked {
  /** `null`: it is not known yet. */
  readonly answer: Shown<"Session"> | null;
  /** Fulfilled with the answer. */
  readonly asked: Promise<Shown<"Session">>;
}

/** Of the same browser, whose tabs have one session. */
const TABS = "wharfinger:session";
/** Whoever's clock is wrong asks no more often than that whether a session has ended. */
const LEAST_WAIT_MILLISECONDS = 30_000;
const AFTER_END_MILLISECONDS = 1_000;

/** @returns who is logged in, asked for now */
export function askFirst(): FirstAsked {
  let answer: Shown<"Session"> | null = null;
  const asked = answerOf(api.GET("/session"));
  asked.then(
    (session) => (answer = session),
    () => undefined,
  );
  return {
    asked,
    get answer() {
      return answer;
    },
  };
}

/**
 * Follows the session: in other tabs, to its end though nobody is there, and where a request is refused for want of one.
 *
 * @param first - how it was when the page was opened
 * @param over - told when it has ended, and not by a logout here
 * @returns who is logged in
 */
export function useCurrentSession(first: FirstAsked, over: () => void): CurrentSession {
  const [{ me, turn }, set] = useState<Pick<CurrentSession, "me" | "turn">>({
    me: first.answer === null ? "asking" : first.answer.login,
    turn: 0,
  });
  const [issuers, setIssuers] = useState(first.answer?.issuers ?? []);
  const tabs = useRef<BroadcastChannel | null>(null);
  const known = useRef(false);
  known.current = me !== null && me !== "asking";
  const setMe = useCallback((next: Login | null) => {
    set(({ me, turn }) => ({
      me: next,
      turn: me === "asking" || me?.uid === next?.uid ? turn : turn + 1,
    }));
  }, []);
  const found = useCallback((login: Login | null) => {
    if (login === null && known.current) over();
    setMe(login);
  }, []);
  const hear = useCallback((asked: Promise<Shown<"Session">>) => {
    asked.then(
      (session) => {
        setIssuers(session.issuers);
        found(session.login);
      },
      () => {
        set((before) => (before.me === "asking" ? { ...before, me: null } : before));
      },
    );
  }, []);
  const ask = useCallback(() => {
    hear(answerOf(api.GET("/session")));
  }, []);
  useEffect(() => {
    onLoggedOut(() => {
      if (known.current) found(null);
    });
    tabs.current = new BroadcastChannel(TABS);
    tabs.current.onmessage = ask;
    // What was not known when the page was drawn may be known by now.
    if (me === "asking") hear(first.asked);
    return () => {
      tabs.current?.close();
    };
  }, []);
  useEffect(() => {
    if (me === null || me === "asking") return;
    const ends = Math.min(Date.parse(me.endsAt), Date.parse(me.idleEndsAt));
    const wait = ends - Date.now() + AFTER_END_MILLISECONDS;
    const timer = setTimeout(ask, Math.max(wait, LEAST_WAIT_MILLISECONDS));
    return () => {
      clearTimeout(timer);
    };
  }, [me]);
  const changed = useCallback((login: Login | null) => {
    setMe(login);
    tabs.current?.postMessage(null);
  }, []);
  return { me, turn, issuers, changed };
}
