const MOST_CHARACTERS = 300;

/** Lines that say how far it is, or nothing. */
const IDLE = new RegExp(
  [
    "^(?:Getting image source|Copying |Copied |Uploading |Uploaded |Exists |Skipped |Writing manifest|Storing signatures)",
    "^(?:The push refers|[0-9a-f]{12}: |time=.*level=(?:info|warning)|WARNING)",
    "^[^ ]+ [^ ]+ (?:pushed blob|existing blob|mounted blob|existing manifest)",
    "(?:^elapsed: |^unpacking |[|][-+]{10})",
  ].join("|"),
);

/**
 * @param output - what a client printed
 * @param host - the registry's host
 * @returns what of it its user reads as the reason, in one line, the same in each run: the last lines that say something
 */
export function wordsOf(output: string, host: string): string {
  const lines = output
    .replaceAll(host, "registry")
    // eslint-disable-next-line no-control-regex -- colours
    .replace(/\u001b\[[0-9;]*m/g, "")
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter((line) => line !== "" && !IDLE.test(line));
  const text = lines
    .slice(-3)
    .join(" / ")
    .replace(/\bsha256:[0-9a-f]{64}\b/g, "sha256:…")
    .replace(/\b[0-9a-f]{64}\b/g, "(digest)")
    .replace(/\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, "(time)")
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "(id)")
    .replace(/\/tmp\/[^\s"]+/g, "(folder)");
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}
