import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import { fetchAgain } from "#service-kit/http/fetch-again.js";
import { askOneOf } from "./ask-one-of.js";
import { unpackView } from "./unpack-view.js";

/** What fits into no token: a token has its digest instead, and token servers have it. */
export interface LongViews {
  /**
   * @param digest - of a view, as a verified token says
   * @returns the view, asked for once however many tokens and requests name it
   * @throws Fault UNAVAILABLE when no token server tells it
   */
  find(digest: string): Promise<View>;
}

const TIMEOUT_MILLISECONDS = 3_000;
/** Base64 of a quarter of a mebibyte, in JSON; token servers keep nothing longer. */
const MOST_CHARACTERS = 512 * 1024;
/** Read and ready to be held against names, a view takes many times its length. */
const REMEMBERED = { max: 1_000, maxSize: 8 * 1024 ** 2, maxEntrySize: MOST_CHARACTERS };

const answerSchema = z.object({ view: z.string().max(MOST_CHARACTERS) });

/**
 * @param origins - URLs of token servers, without a slash at the end; one at least
 * @param introduce - what the gateway says of itself with a request for a path
 * @returns the views, the last ones in memory: what has that digest does not change
 */
export function longViews(
  origins: readonly string[],
  introduce: (path: string) => Readonly<Record<string, string>>,
): LongViews {
  const known = new LRUCache<string, { readonly view: View; readonly size: number }>({
    ...REMEMBERED,
    sizeCalculation: ({ size }) => size,
  });
  const asking = new Map<string, Promise<View>>();
  const ask = async (digest: string): Promise<View> => {
    const path = `/views/${digest}`;
    const urls = origins.map((origin) => new URL(`${origin}${path}`));
    const { answer } = await askOneOf(urls, (url, signal) =>
      fetchAgain(url, {
        headers: introduce(url.pathname),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
      }),
    );
    if (answer.status !== 200) throw new Error(`the token server answers ${answer.status}`);
    const { view: content } = answerSchema.parse(await answer.json());
    // Whoever answers cannot give anybody more than the token server signed.
    if (hash("sha256", content, "hex") !== digest) throw new Error("it is another view");
    const view = unpackView(content);
    if (view === null) throw new Error("it is no view");
    known.set(digest, { view, size: content.length });
    return view;
  };
  return {
    find: async (digest) => {
      const had = known.get(digest);
      if (had !== undefined) return had.view;
      const asked = asking.get(digest) ?? ask(digest).finally(() => asking.delete(digest));
      asking.set(digest, asked);
      return asked.catch((cause: unknown) => {
        throw new Fault("UNAVAILABLE", {
          message:
            "what you may pull cannot be had from the token server for the moment, try again",
          cause,
        });
      });
    },
  };
}
