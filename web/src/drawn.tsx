import { renderToString } from "preact-render-to-string";
import { App } from "./app.jsx";

/** @returns the first view as markup, before it is known who is there and what there is; for the build alone */
export function drawn(): string {
  const asked = new Promise<never>(() => undefined);
  return renderToString(<App first={{ answer: null, asked }} />);
}
