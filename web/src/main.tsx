import { hydrate, render } from "preact";
import { askFirst } from "./api/current-session.js";
import { App } from "./app.jsx";
import { isDrawn, takeTyped } from "./first-drawn.js";
import { followLinks, place } from "./place.js";
import { loadScreens, screenAt } from "./screens/screens.jsx";
import { T } from "./texts/texts.js";

/** As long nothing is shown, which is less than what says that one has to wait. */
const BLANK_MILLISECONDS = 200;
/** Whoever goes on finds what is next there already. */
const LATER_MILLISECONDS = 2_000;
/** By this name the browser knows, and whoever measures it, since when the page can be used. */
const USABLE = "wharfinger:usable";

const first = askFirst();
const page = document.getElementById("page");
if (page !== null && isDrawn(page, T.language)) {
  // As it was sent: what was typed meanwhile changes it afterwards, as typing does.
  hydrate(<App first={first} />, page);
  takeTyped(page);
} else if (page !== null) await draw(page);
performance.mark(USABLE);
followLinks();
setTimeout(() => void loadScreens().catch(() => null), LATER_MILLISECONDS);

async function draw(page: Element): Promise<void> {
  const wanted = screenAt(place().path) === null ? loadScreens() : null;
  await Promise.race([
    Promise.allSettled([first.asked, wanted]),
    new Promise((resolve) => setTimeout(resolve, BLANK_MILLISECONDS)),
  ]);
  document.documentElement.lang = T.language;
  page.replaceChildren();
  render(<App first={first} />, page);
}
