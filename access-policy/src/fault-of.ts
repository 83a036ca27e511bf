/**
 * @param kind - errors that say what is wrong with a text
 * @param read - reads the text
 * @returns what is wrong with it, or `null`
 * @throws whatever else `read` throws
 */
export function faultOf(kind: new (...args: never[]) => Error, read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof kind) return error.message;
    throw error;
  }
}
