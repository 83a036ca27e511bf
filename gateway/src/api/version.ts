/** As `package.json` says; images and archives have none beside what runs. */
export const VERSION = "0.1.0";
