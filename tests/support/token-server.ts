import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RequestListener } from "node:http";
import supertest from "supertest";
import { identityRoutes } from "#local/stand-ins/identity-routes.js";
import type { Identities } from "#local/stand-ins/identities.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { noteRefusals } from "#audit-log/refused-requests.js";
import { openTally, type Tally } from "#audit-log/tally.js";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { fetchJson as fetchDirectly, type FetchJson } from "#service-kit/http/fetch-json.js";
import { NO_PROXIES } from "#service-kit/http/proxies.js";
import { Secret } from "#service-kit/secret.js";
import type { Logger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { openKeyRing, type KeyRing } from "#service-kit/signing/key-ring.js";
import { refusedFiles } from "#service-kit/refused-files.js";
import { combinedDirectory } from "#token-server/directory/combined-directory.js";
import { policyAt } from "#token-server/directory/directory-source.js";
import { serviceLogins } from "#token-server/directory/service-source.js";
import { storedDirectory } from "#token-server/directory/stored-directory.js";
import { noteFailedLogins } from "#token-server/token/failed-logins.js";
import { readLogins } from "#token-server/logins/config.js";
import {
  createIdentitySources,
  type IdentityConfig,
} from "#token-server/logins/create-identity-sources.js";
import {
  currentTeams,
  followLogins,
  type FollowedLogins,
} from "#token-server/logins/followed-logins.js";
import type { LimitReport } from "#token-server/limits/limit-report.js";
import { loginLimiter, type LoginLimits } from "#token-server/limits/login-limiter.js";
import { recordTokens } from "#token-server/refresh-tokens/record-tokens.js";
import { noteReads } from "#audit-log/administrators-reads.js";
import { builtInPolicy, type PolicySource } from "#token-server/policy/watch.js";
import type { Registries } from "#token-server/registries/followed-registries.js";
import { robotSource } from "#token-server/robots/robot-source.js";
import { tokenServerRoutes } from "#token-server/routes/routes.js";
import type { RequestOrigin } from "#token-server/routes/told-by-gateway.js";
import { openRegistries } from "#token-server/wiring/registries.js";
import { openProbes } from "#token-server/wiring/probes.js";
import { openRestApi } from "#token-server/wiring/rest-api.js";
import { openTokens } from "#token-server/wiring/tokens.js";
import { servicesOf } from "./registries.js";
import { SILENT } from "./silent.js";
import { migratedDatabase } from "./migrated-database.js";
import { AUDIT_LOG_MIGRATIONS, TOKEN_SERVER_MIGRATIONS } from "./migrations.js";
import { startTestPostgres, type TestPostgres } from "./postgres.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A token server on a real Postgres, with a company's identity services beside it. */
export interface TestTokenServer {
  readonly app: RequestListener;
  readonly http: ReturnType<typeof supertest>;
  readonly db: Database;
  readonly keys: KeyRing;
  readonly registries: Registries;
  readonly postgres: TestPostgres;
  /** Who is known to the company; can be changed. */
  readonly company: Identities;
  readonly logins: FollowedLogins;
  /** What is counted, and goes on record when it is told to. */
  readonly tally: Tally;
  /** Moves the token server's clock. */
  advance(seconds: number): void;
  stop(): Promise<void>;
}

/** What a test can choose. */
export interface TestTokenServerOptions {
  readonly limits?: LoginLimits;
  readonly allowPublicRead?: boolean;
  /** As `AUTHENTICATION=off` does. */
  readonly unrestricted?: boolean;
  readonly lifetimeSeconds?: number;
  /** Whom requests are from; absent: whatever a proxy on this machine says. */
  readonly origin?: RequestOrigin;
  readonly policy?: Pick<PolicySource, "current">;
  /** What the policy is told of the registry; absent: it is not declared. */
  readonly registry?: PolicyRegistry;
  readonly robotMaxDays?: number;
  readonly report?: LimitReport;
  readonly refreshTokensMost?: { readonly perClient: number; readonly perIdentity: number };
  /** Client ids that may have and use refresh tokens; absent: any. */
  readonly refreshTokenClients?: readonly string[];
  /** In place of the company's token service, by which alice, bob and robots log in. */
  readonly identity?: Partial<IdentityConfig>;
  /** A logins file that is followed, in place of what `identity` says of its content. */
  readonly loginsFile?: string;
  readonly log?: Logger;
  /** Asks the company's services; absent: directly. */
  readonly fetchJson?: FetchJson;
  /** Whether registries are followed as in a running token server, the own one registers itself, and gateways are asked. */
  readonly registers?: boolean;
  /** What is known of clocks; absent: that they agree. */
  readonly clocks?: Pick<ClockWatch, "doubt">;
}

/** By which a test says whose gateway was asked, in the place of a gateway's statement. */
export const ASKED_AT = "x-asked-at";

/** Replicas of one installation have one. */
export const LIMITER_SECRET = new Secret("a secret of all replicas");
const NO_REPORT: LimitReport = { failed: () => undefined, limited: () => undefined };

const alice = { token: "alice-token", uid: "alice", realm: "/employees", scopes: ["uid"] };
const bob = { token: "bob-token", uid: "bob", realm: "/employees", scopes: ["uid"] };

const robots = [
  { token: "ci-all-token", uid: "robot-all", scopes: ["uid", "application.write_all"] },
  {
    token: "ci-trusted-token",
    uid: "robot-trusted",
    scopes: ["uid", "application.write_all_trusted"],
  },
].map((robot) => ({ ...robot, realm: "/services", teams: [] }));

/** @returns a token server of its own; alice is in team alpha, bob in team beta, which administers */
export async function startTestTokenServer(
  options: TestTokenServerOptions = {},
): Promise<TestTokenServer> {
  const postgres = await startTestPostgres();
  const folder = await temporaryFolder();
  const config = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS, AUDIT_LOG_MIGRATIONS]);
  const opened = openDatabase(config, { name: "test", connections: 5 }, SILENT);
  const db = boundedDatabase(opened, 5);
  const company: Identities = {
    identities: [{ ...alice, teams: ["alpha"] }, { ...bob, teams: ["beta"] }, ...robots],
    machines: [],
  };
  const services = await startCompany(() => company);
  let offset = 0;
  const now = () => Date.now() + offset * 1000;
  const keys = await openKeyRing(
    {
      directory: folder.path,
      owner: "token-server",
      certified: false,
      givenKeys: null,
      givenKeysFile: null,
      certificatesFile: null,
      retainSeconds: 900,
    },
    { now, log: SILENT },
  );
  const clocks = options.clocks ?? { doubt: () => null };
  const stored = storedDirectory(db, SILENT);
  await stored.refresh();
  const directory = combinedDirectory(null, stored);
  const identityConfig = {
    tokeninfoUrl: `${services.url}/oauth2/tokeninfo`,
    teamServiceUrl: `${services.url}/teams-service`,
    iidinfoUrl: null,
    // Nothing is remembered, so that tests see a change at once.
    logins: { ...readLogins(null), tokeninfo: { cacheSeconds: 0 } },
    services: serviceLogins(db, directory),
    ...options.identity,
  };
  const { log = SILENT, fetchJson = fetchDirectly } = options;
  const identityDeps = { robots: robotSource(db, "wharfinger"), now, log, fetchJson };
  const logins =
    options.loginsFile === undefined
      ? unchangingLogins(identityConfig, identityDeps)
      : await followLogins(options.loginsFile, identityConfig, identityDeps);
  const names = {
    ...{ issuer: "wharfinger", service: "wharfinger", adminTeams: ["beta"], gatewayUrl: null },
    ...{ apiRequestsPerMinute: 1_000_000, tokenLifetimeSeconds: options.lifetimeSeconds ?? 900 },
    proxies: NO_PROXIES,
  };
  const known = openRegistries(names, { db, log, directory });
  const { registries } =
    options.registers === true ? known : { registries: servicesOf(names.service) };
  if (options.registers === true) await registries.refresh();
  const asked = options.registry === undefined ? registries : { find: () => options.registry };
  const rules = { ...builtInPolicy, ...options.policy };
  const policy = policyAt(rules, { directory, registries: asked }, names.service);
  const teams = currentTeams(logins);
  const tally = openTally({ db, audit: recordAudit, log: SILENT, now: () => performance.now() });
  const ways = {
    ...{ identities: logins, allowPublicRead: options.allowPublicRead ?? false },
    unrestricted: options.unrestricted ?? false,
    limiter: loginLimiter(
      db,
      options.limits ?? { failuresPerSource: 1000, failuresPerAccount: 1000, windowSeconds: 60 },
      { secret: LIMITER_SECRET, report: options.report ?? NO_REPORT, now },
    ),
    refresh: {
      db,
      newId: randomUUID,
      lifetimeSeconds: 86_400,
      most: options.refreshTokensMost ?? { perClient: 50, perIdentity: 200 },
      takenClients: options.refreshTokenClients ?? [],
      record: recordTokens(tally, recordAudit),
    },
    doubtOfClock: clocks.doubt,
    told: { ended: () => undefined, refused: noteFailedLogins(tally) },
    log: options.log ?? SILENT,
  };
  const robotMaxDays = options.robotMaxDays ?? 365;
  const managing = { db, policy, robotMaxDays, log: SILENT, audit: recordAudit };
  const origin: RequestOrigin = options.origin ?? {
    client: clientReader(["loopback"], { log: SILENT, now }),
    requestId: () => undefined,
    service: (req) => req.headers[ASKED_AT]?.toString(),
  };
  const tokens = openTokens(names, {
    logins: ways,
    teams,
    registries,
    policy,
    serviceOf: origin.service,
    keys,
    db,
    log: options.log ?? SILENT,
    now,
  });
  const changing = { db, directory, stored, isFromFile: false, audit: recordAudit };
  const restApi = openRestApi(names, {
    ...{ logins: ways, teams, robots: managing, serviceOf: origin.service, directory: changing },
    administered: noteReads(tally),
    managing: { ...known.managing, registries },
    search: { ...tokens.issuing, ...known.gateways },
  });
  const metrics = createMetrics();
  const files = refusedFiles(metrics.registry);
  const probes = openProbes({ db, unmigrated: () => null, clocks, log: SILENT, metrics, files });
  const app = tokenServerRoutes({ log: SILENT, metrics, refused: noteRefusals(tally), origin }, [
    ...[tokens, restApi, probes],
  ]);
  return {
    app,
    http: supertest(app),
    db,
    keys,
    registries,
    postgres,
    company,
    logins,
    tally,
    advance: (seconds) => {
      offset += seconds;
    },
    stop: async () => {
      logins.stop();
      services.server.close();
      await opened.close();
      await postgres.stop();
      await folder.remove();
    },
  };
}

function unchangingLogins(
  config: IdentityConfig,
  deps: Parameters<typeof createIdentitySources>[1],
): FollowedLogins {
  const made = { ...createIdentitySources(config, deps), logins: config.logins, yaml: null };
  return {
    current: () => made,
    reload: () => Promise.resolve("unchanged"),
    stop: () => undefined,
  };
}

async function startCompany(
  identities: () => Identities,
): Promise<{ server: Server; url: string }> {
  const handle = identityRoutes(identities);
  const server = createServer((req, res) => void handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}
