import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import { startGateway, type TestGateway } from "./gateway.js";
import { startTokenAuthority, type TokenAuthority } from "./token-authority.js";
import { startUpstream, takeAll, type UpstreamDouble } from "./upstream-double.js";

/** A gateway, and what stands on both of its sides. */
export interface GatewayBetween {
  readonly authority: TokenAuthority;
  /** Stands where the registry would. */
  readonly upstream: UpstreamDouble;
  readonly gateway: TestGateway;
  /** `Authorization` that grants pulling from and pushing to `alpha/app`. */
  readonly bearer: string;
  stop(): Promise<void>;
}

/** @returns a gateway without a ledger, in front of a server that records what it is asked */
export async function startGatewayBetween(): Promise<GatewayBetween> {
  const authority = await startTokenAuthority();
  const upstream = await startUpstream();
  const gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
  });
  return {
    ...{ authority, upstream, gateway },
    bearer: await authority.bearer(["pull", "push"]),
    stop: async () => {
      await gateway.stop();
      await upstream.stop();
      await authority.server.stop();
    },
  };
}

/**
 * One gateway for the tests of a file; what stands where the registry would takes everything before each.
 *
 * @param take - gets it before the first test
 */
export function useGatewayBetween(take: (between: GatewayBetween) => void): void {
  let between: GatewayBetween;
  beforeAll(async () => {
    between = await startGatewayBetween();
    take(between);
  });
  beforeEach(() => {
    between.upstream.answerWith(takeAll);
  });
  afterAll(() => between.stop());
}
