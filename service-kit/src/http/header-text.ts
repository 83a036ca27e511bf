/** The same bytes in each of the two, and nearly all there is. */
const ASCII = /^[\x20-\x7e]*$/;
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Node gives each byte of a header as one character, as if it were ISO-8859-1 (RFC 9110, section 5.5, which leaves open what
 * such bytes mean). Clients send UTF-8.
 *
 * @param value - value of a header as Node gives it
 * @returns its text: read as UTF-8, where it can be that
 */
export function headerText(value: string): string {
  if (ASCII.test(value)) return value;
  try {
    return UTF_8.decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}
