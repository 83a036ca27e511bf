import { render } from "preact";
import { App } from "./app.jsx";
import { followLinks } from "./place.js";
import "./style.css";

followLinks();
const page = document.getElementById("page");
if (page !== null) render(<App />, page);
