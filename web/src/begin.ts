import "./style.css";

// What was sent as markup is drawn, and takes keys, before the script has its turn.
if (document.querySelector("#page > *") !== null) await firstFrame();
// The page names it, for it to be on its way meanwhile.
const main = document.querySelector<HTMLLinkElement>("link[rel=modulepreload]");
if (main !== null) await import(/* @vite-ignore */ main.href);

/** A page that nobody sees is not drawn. */
function firstFrame(): Promise<void> {
  return new Promise((resolve) => {
    if (document.visibilityState === "hidden") resolve();
    else
      requestAnimationFrame(() => {
        setTimeout(resolve);
      });
  });
}
