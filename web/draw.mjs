import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// The first view in each language, for browsers to show while the script is on its way. The page's modules ask the browser
// for its language and its address as they are loaded.
const dist = fileURLToPath(new URL("dist/", import.meta.url));
const EMPTY = '<div id="page"></div>';
const index = readFileSync(`${dist}index.html`, "utf8");
if (!index.includes(EMPTY) || !index.includes('<html lang="en">'))
  throw new Error("index.html has no place for the first view");
globalThis.location = new URL("http://localhost/ui/");
globalThis.addEventListener = () => undefined;
for (const language of ["en", "de"]) {
  const value = { languages: [language] };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  const { drawn } = await import(`./dist/drawn/drawn.js?${language}`);
  const html = index
    .replace('<html lang="en">', `<html lang="${language}">`)
    .replace(EMPTY, () => `<div id="page">${drawn()}</div>`);
  writeFileSync(`${dist}home.${language}.html`, html);
}
rmSync(`${dist}drawn`, { recursive: true });
