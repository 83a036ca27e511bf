import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineConfig } from "vite";

const require = createRequire(import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** Licences want to be where the code is: in the file that a package went into. */
function licences({ moduleIds }) {
  const isIn = (name) => moduleIds.some((id) => id.includes(`/node_modules/${name}/`));
  return Object.keys(dependencies).filter(isIn).map(licenceOf).join("\n");
}

function licenceOf(name) {
  let folder = dirname(require.resolve(name));
  while (JSON.parse(readIfAny(join(folder, "package.json")) ?? "{}").name !== name)
    folder = dirname(folder);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = ["LICENSE", "LICENSE.md", "LICENSE.txt"]
    .map((file) => readIfAny(join(folder, file)))
    .find((found) => found !== null);
  if (text === undefined) throw new Error(`${name} has no text of its licence, ${license}`);
  return `/*!\n${name} ${version}, ${license}\n\n${text.trim().replaceAll("*/", "* /")}\n*/`;
}

function readIfAny(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** What the first view is made of, with all that it imports: else each piece that other files share is a file, too. */
const FIRST = { name: "page", test: /web\/src\/main\.tsx$/ };

/** What the first script loads is on its way when that runs; a file that does nothing but name another one is left out. */
const preloadFirst = {
  name: "preload-first",
  transformIndexHtml: {
    order: "post",
    handler: (_html, { bundle }) => {
      const files = Object.values(bundle).filter(({ name }) => name === FIRST.name);
      const [facade, first] = [true, false].map((is) =>
        files.find(({ isEntry }) => isEntry === is),
      );
      delete bundle[facade.fileName];
      const attrs = { rel: "modulepreload", crossorigin: true, href: `/ui/${first.fileName}` };
      return [{ tag: "link", attrs, injectTo: "head" }];
    },
  },
};

// The gateway serves what comes of it below /ui/: nothing inline, names that say the content.
export default defineConfig({
  base: "/ui/",
  publicDir: false,
  plugins: [preloadFirst],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { begin: "index.html", [FIRST.name]: "src/main.tsx" },
      output: { postBanner: licences, codeSplitting: { groups: [FIRST] } },
    },
  },
});
