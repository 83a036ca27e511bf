import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "./ask.js";
import { soon } from "./soon.js";

/** Something that is asked for. */
export type Loaded<T> =
  | { readonly state: "loading" }
  | { readonly state: "refused"; readonly refusal: Refusal }
  | { readonly state: "there"; readonly value: T };

const LOADING = { state: "loading" } as const;

/**
 * @param key - what is asked for; another one is asked for anew
 * @param load - asks
 * @returns what came of it, and a way to ask once more, meanwhile showing what there is
 */
export function useLoad<T>(key: string, load: () => Promise<T>): readonly [Loaded<T>, () => void] {
  const [loaded, set] = useState<Loaded<T> & { readonly of?: string }>(LOADING);
  const newest = useRef(0);
  const again = useCallback(() => {
    const turn = (newest.current += 1);
    const settle = (settled: Loaded<T>) => {
      if (newest.current === turn) set({ ...settled, of: key });
    };
    load().then(
      (value) => {
        settle({ state: "there", value });
      },
      (error: unknown) => {
        settle({ state: "refused", refusal: refusalOf(error) });
      },
    );
  }, [key]);
  useEffect(() => {
    const cancel = soon(again);
    return () => {
      cancel();
      newest.current += 1;
    };
  }, [again]);
  return [loaded.of === key ? loaded : LOADING, again];
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A list as far as it is there. */
export interface Pages<T> {
  readonly items: readonly T[];
  readonly isLoading: boolean;
  readonly refusal: Refusal | null;
  /** Asks for the next page; `null`: there is none, or it is under way. */
  readonly more: (() => void) | null;
  /** Begins anew, and meanwhile shows what there is. */
  readonly again: () => void;
}

interface Listed<T> {
  readonly of: string;
  readonly items: readonly T[];
  readonly next: string | null;
  readonly isLoading: boolean;
  readonly refusal: Refusal | null;
}

/**
 * @param key - what the list is of
 * @param load - asks for the page after a cursor
 * @returns the list
 */
export function usePages<T>(
  key: string,
  load: (cursor: string | undefined) => Promise<Page<T>>,
): Pages<T> {
  const empty = { of: key, items: [], next: null, isLoading: true, refusal: null };
  const [listed, set] = useState<Listed<T>>(empty);
  const newest = useRef(0);
  const ask = (before: readonly T[], cursor: string | undefined) => {
    const turn = (newest.current += 1);
    set((now) => ({ ...(now.of === key ? now : empty), isLoading: true, refusal: null }));
    const settle = (settled: Partial<Listed<T>>) => {
      if (newest.current === turn)
        set((now) => ({ ...now, ...settled, of: key, isLoading: false }));
    };
    load(cursor).then(
      ({ items, next }) => {
        settle({ items: [...before, ...items], next });
      },
      (error: unknown) => {
        settle({ refusal: refusalOf(error) });
      },
    );
  };
  useEffect(() => {
    ask([], undefined);
    return () => {
      newest.current += 1;
    };
  }, [key]);
  const shown = listed.of === key ? listed : empty;
  const { items, next, isLoading, refusal } = shown;
  return {
    ...{ items, isLoading, refusal },
    more:
      next === null || isLoading
        ? null
        : () => {
            ask(items, next);
          },
    again: () => {
      ask([], undefined);
    },
  };
}

/** @returns what is told of a failure, whatever it is */
export function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(0, { detail: String(error) });
}
