/** As `package.json` says; the single file has none beside it. */
export const VERSION = "0.1.0";
