import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { Refusal } from "../api/ask.js";
import { useArrival } from "../parts/arrival.js";
import { Loading, Refused } from "../parts/states.jsx";
import { T } from "../texts/texts.js";
import { loadScreens, screenAt } from "./screens.jsx";

/** The screen that the address says, once what it is made of is there. */
export function AtPlace({ path }: { readonly path: string }): JSX.Element {
  const [loading, setLoading] = useState<"under way" | "done" | "failed">("under way");
  const draw = screenAt(path);
  useLayoutEffect(() => {
    if (draw !== null) return;
    setLoading("under way");
    loadScreens().then(
      () => {
        setLoading("done");
      },
      () => {
        setLoading("failed");
      },
    );
  }, [draw === null]);
  useArrival(path, draw !== null || loading === "failed");
  if (draw !== null) return draw();
  return loading === "failed" ? <NotLoaded /> : <Loading />;
}

/** The server cannot be reached, or has files of another version: the page as it is now is asked for. */
function NotLoaded(): JSX.Element {
  const again = () => {
    location.reload();
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.failed}</h1>
      <Refused refusal={new Refusal(0, {})} again={again} />
    </>
  );
}
