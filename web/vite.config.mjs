import { defineConfig } from "vite";

// The gateway serves what comes of it below /ui/: nothing inline, names that say the content.
export default defineConfig({
  base: "/ui/",
  publicDir: false,
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
});
