const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Decodes an instance identity document in whatever form it came: the metadata service gives base64 with line
 * breaks, people add PEM lines, URLs want another alphabet.
 *
 * @param text - a password
 * @returns its bytes, or `null` when it is no base64
 */
export function decodeDocument(text: string): Buffer | null {
  const plain = text
    .replace(/-----(?:BEGIN|END) (?:PKCS7|CMS)-----/g, "")
    .replace(/\s+/g, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  return BASE64.test(plain) ? Buffer.from(plain, "base64") : null;
}
