/**
 * A spreadsheet takes what begins with one of these for a formula, and would run what somebody wrote into a name: behind an
 * apostrophe it is text (OWASP, "CSV Injection").
 *
 * @param value - what stands in a cell
 * @returns the cell
 */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const plain = /^[\s]*[=+\-@\t\r|%]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/**
 * @param values - what stands in the cells of a line
 * @returns the line (RFC 4180)
 */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(",")}\r\n`;
}
