/** Swagger UI, of files of its own alone; what `start.js` says could stand in the page, if pages could say such things. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Wharfinger: REST API</title>
    <link rel="stylesheet" href="swagger-ui.css" />
    <link rel="icon" type="image/png" href="favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>This page shows openapi.json, and takes JavaScript to do so.</noscript>
    <script src="swagger-ui-bundle.js"></script>
    <script src="start.js"></script>
  </body>
</html>
`;

/** Nothing is asked of other hosts, and what somebody logs in with is forgotten with the page. */
export const START = `SwaggerUIBundle({
  url: "../../openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: "none",
  persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

/** Scripts, styles and requests of this origin, no inline ones, and no frame around it. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
