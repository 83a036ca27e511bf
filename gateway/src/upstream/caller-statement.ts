import type { KeyRing } from "#service-kit/signing/key-ring.js";
import {
  CALLER_HEADER,
  signCaller,
  type ToldCaller,
  type ToldRequest,
} from "#service-kit/signing/caller-statement.js";

/** Makes the header by which the token server knows for whom a request is made. */
export type CallerStatement = (
  caller: Omit<ToldCaller, "service">,
  request: ToldRequest,
) => Readonly<Record<typeof CALLER_HEADER, string>>;

/**
 * The token server believes nothing that a neighbour says unsigned: limits on failures, rules on addresses and records go
 * by what is told here.
 *
 * @param deps - key, the registry that this gateway is one of, clock in milliseconds and maker of unique ids
 * @returns the maker of headers
 */
export function callerStatement(deps: {
  readonly keys: Pick<KeyRing, "active">;
  readonly service: string;
  readonly now: () => number;
  readonly newId: () => string;
}): CallerStatement {
  return (caller, request) => {
    const told = { ...caller, service: deps.service };
    const made = { id: deps.newId(), at: Math.floor(deps.now() / 1000) };
    return { [CALLER_HEADER]: signCaller(deps.keys.active(), told, request, made) };
  };
}
