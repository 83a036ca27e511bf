/** What stands at the head of the document. */
export const ABOUT = {
  title: "Wharfinger",
  version: "1",
  summary: "What a person or a script asks the registry, beside what registry clients do.",
  description: [
    "Log in as for the registry: with Basic credentials, with an access token as `Bearer`, or with what `/token` gives for either.",
    "",
    "- **Names** have slashes: `alpha/app` stands in a path as it is, or with `%2F`. Where a name ends as something that is asked of " +
      "a repository does, such as `alpha/pulls`, `/-/` ends it: `/repositories/alpha/pulls/-/tags/1.0`, `/repositories/alpha/pulls/-`.",
    "- **Errors** are problems (RFC 9457). Whoever may not know of something is told what is told of what is not there.",
    "- **Lists** come by page: what an answer says under `next` is asked for as `cursor`, with the same parameters beside it; " +
      "`Link` has the whole target.",
    "- **Answers** have an `ETag`; whoever shows it as `If-None-Match` is answered 304 while nothing has changed.",
    "- **Limits** are told by `RateLimit` and `RateLimit-Policy`; past them requests are refused with 429 and `Retry-After`.",
    "- `HEAD` is answered wherever `GET` is.",
  ].join("\n"),
} as const;
