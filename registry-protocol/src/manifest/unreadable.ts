/**
 * The registry has it, but will never give it out: what it stores is no manifest that it knows. Unlike any other failure
 * that is final, and about this one object alone.
 */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  /** What the registry says against it. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the registry cannot read it: ${reason}`);
    this.reason = reason;
  }
}

/**
 * @param look - looks for something at the registry
 * @returns what was found; `null` also when it is there and cannot be read
 * @throws whatever else the look throws
 */
export async function unlessUnreadable<T>(look: Promise<T>): Promise<T | null> {
  return look.catch((error: unknown) => {
    if (error instanceof Unreadable) return null;
    throw error;
  });
}
