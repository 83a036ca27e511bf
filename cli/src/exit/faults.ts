import { EXIT, exitCodeOf, type ExitCode } from "./exit-codes.js";

/** Why a command ends without having done what it was to do. */
export class CommandFault extends Error {
  override readonly name: string = "CommandFault";
  readonly exitCode: ExitCode;
  readonly hint: string | null;

  /**
   * @param message - what is the matter, without a full stop
   * @param exitCode - what the command ends with
   * @param hint - what to do about it; `null`: the message says it
   */
  constructor(message: string, exitCode: ExitCode = EXIT.ERROR, hint: string | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** The command line makes no sense. */
export class UsageFault extends CommandFault {
  override readonly name = "UsageFault";

  constructor(message: string, hint: string | null = null) {
    super(message, EXIT.USAGE, hint);
  }
}

/** The server said no; the message is the server's own. */
export class ServerRefusal extends CommandFault {
  override readonly name = "ServerRefusal";
  readonly status: number;
  readonly code: string | null;

  /**
   * @param status - HTTP status
   * @param code - code of the error, as in docs/errors.md; `null` when the answer had none
   * @param message - what is shown
   * @param hint - what to do about it
   */
  constructor(status: number, code: string | null, message: string, hint: string | null = null) {
    super(message, exitCodeOf(status, code), hint);
    this.status = status;
    this.code = code;
  }
}

/**
 * @param error - anything that was thrown
 * @returns whether it is the server saying that there is no such thing
 */
export function isNotFound(error: unknown): boolean {
  return error instanceof ServerRefusal && error.exitCode === EXIT.NOT_FOUND;
}
