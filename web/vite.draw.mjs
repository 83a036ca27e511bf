import { defineConfig } from "vite";

// For Node, which draws the first view with it once the page is built; one file, so that it can be loaded once a language.
export default defineConfig({
  base: "/ui/",
  publicDir: false,
  build: {
    target: "es2022",
    ssr: "src/drawn.tsx",
    outDir: "dist/drawn",
    rolldownOptions: { output: { codeSplitting: false } },
  },
});
