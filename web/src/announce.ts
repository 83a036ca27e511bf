/** Name of the event by which something is announced. */
export const ANNOUNCED = "wharfinger:announced";

/** @param text - is shown for a moment, and said by screen readers */
export function announce(text: string): void {
  dispatchEvent(new CustomEvent(ANNOUNCED, { detail: text }));
}
