/** Whether anything may be pushed. */
export type ModeName = "normal" | "read-only";

/** The mode that all gateways follow. */
export interface Mode {
  readonly name: ModeName;
  readonly reason: string;
  readonly changedBy: string;
  /** When it was changed last, as text that loses nothing; `null` when it never was. */
  readonly changedAt: string | null;
  /** For so many seconds from now uploads that began before may go on; negative when that is over. */
  readonly drainSeconds: number;
  /** Whether that is over for every gateway that follows this change. */
  readonly drained: boolean;
}

/** As long as nobody has said anything else. */
export const NORMAL: Mode = {
  name: "normal",
  reason: "",
  changedBy: "",
  changedAt: null,
  drainSeconds: 0,
  drained: true,
};
