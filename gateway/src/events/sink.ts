import type { NewEvent, RegistryEvent } from "./event.js";

/** Where events are delivered. */
export interface Sink {
  /** Unique among the sinks of a configuration; its queue is kept under this name. */
  readonly name: string;
  readonly kind: "sns" | "webhook" | "audit";
  /** Fingerprint of where it leads: another one is another receiver, whatever the one before has said. */
  readonly target: string;
  /** Whether events of one repository wait behind one that is not taken. */
  readonly ordered: boolean;
  /** @returns whether the sink's filter lets an event through; pure */
  wants(event: NewEvent): boolean;
  /**
   * Delivers one event; it may have been delivered before.
   *
   * @param event - what happened
   * @param signal - ends the attempt
   * @throws DeliveryError, whose text is shown to operators and holds no secret
   */
  deliver(event: RegistryEvent, signal: AbortSignal): Promise<void>;
  /** Closes connections. */
  close(): Promise<void>;
}

/** An event was not taken by its sink. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  /** Whether the sink will never take this event, whatever happens to the sink. */
  readonly lasting: boolean;
  /** Whether the sink wants no event any more, this one or another. */
  readonly gone: boolean;
  /** Seconds for which the sink asked to be spared; `null`: it did not say. */
  readonly retryAfterSeconds: number | null;

  /**
   * @param message - what went wrong, without secrets
   * @param options - whether it is lasting, whether the sink is gone, and when the sink wants to be asked again
   */
  constructor(
    message: string,
    options: {
      readonly lasting?: boolean;
      readonly gone?: boolean;
      readonly retryAfterSeconds?: number | null;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.lasting = options.lasting ?? false;
    this.gone = options.gone ?? false;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
