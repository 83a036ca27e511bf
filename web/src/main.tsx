import { render } from "preact";
import { askFirst } from "./api/current-session.js";
import { App } from "./app.jsx";
import { followLinks, place } from "./place.js";
import { loadScreens, screenAt } from "./screens/screens.jsx";
import { T } from "./texts/texts.js";
import "./style.css";

/** As long nothing is shown, which is less than what says that one has to wait. */
const BLANK_MILLISECONDS = 200;
/** Whoever goes on finds what is next there already. */
const LATER_MILLISECONDS = 2_000;

const first = askFirst();
const wanted = screenAt(place().path) === null ? loadScreens() : null;
await Promise.race([
  Promise.allSettled([first.asked, wanted]),
  new Promise((resolve) => setTimeout(resolve, BLANK_MILLISECONDS)),
]);
document.documentElement.lang = T.language;
followLinks();
const page = document.getElementById("page");
if (page !== null) render(<App first={first} />, page);
setTimeout(() => void loadScreens().catch(() => null), LATER_MILLISECONDS);
