import {
  knownPush,
  pushManifest,
  readTag,
  tokenFor,
  uploadConfig,
  type KnownPush,
} from "./client.js";
import type { Fleet } from "./fleet.js";

/** What came of racing pushes. */
export interface RaceSummary {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Everything that was not as it has to be, in words. */
  readonly wrong: readonly string[];
  readonly slowestMilliseconds: number;
}

const CLIENTS = 64;
const REPOSITORY = "alpha/race";

/**
 * In each round, 64 clients push 64 different manifests to one tag through all gateways.
 *
 * @param fleet - gateways on one database
 * @param options - how many rounds, when to stop at the latest, and who is told about progress
 * @returns what came of it
 */
export async function runRaces(
  fleet: Fleet,
  options: { rounds: number; until: number; say: (line: string) => void },
): Promise<RaceSummary> {
  const wrong: string[] = [];
  const total = { rounds: 0, acknowledged: 0, refused: 0, slowestMilliseconds: 0 };
  const before = await refusalsOnRecord(fleet);
  while (total.rounds < options.rounds && performance.now() < options.until) {
    const tag = `round-${total.rounds}`;
    const since = performance.now();
    const { acknowledged, refused, faults } = await runRound(fleet, tag);
    const took = performance.now() - since;
    total.rounds += 1;
    total.acknowledged += acknowledged;
    total.refused += refused;
    total.slowestMilliseconds = Math.max(total.slowestMilliseconds, Math.round(took));
    wrong.push(...faults.map((fault) => `${tag}: ${fault}`));
    if (total.rounds % 10 === 0) options.say(`races: ${total.rounds} of ${options.rounds} rounds`);
  }
  if (total.rounds < options.rounds)
    wrong.push(`only ${total.rounds} of ${options.rounds} rounds in the time there was`);
  const onRecord = (await refusalsOnRecord(fleet)) - before;
  if (onRecord !== total.refused)
    wrong.push(`${onRecord} of ${total.refused} refusals are on record or counted`);
  return { ...total, wrong };
}

/** Of one actor so many are told apart; the rest is counted, and goes on record within the hour. */
async function refusalsOnRecord({ db }: Fleet): Promise<number> {
  const { rows } = await db.query<{ refusals: number }>(
    `select (select count(*) + coalesce(sum((content::jsonb #>> '{detail,repeats}')::bigint - 1), 0)
             from audit.entry where action = 'tag.refused')::int
            + (select coalesce(sum(repeats), 0) from ledger.refusal)::int as refusals`,
  );
  return rows[0]?.refusals ?? 0;
}

async function runRound(fleet: Fleet, tag: string) {
  const token = await tokenFor(gatewayOf(fleet, 0), REPOSITORY);
  const pushes = Array.from({ length: CLIENTS }, (_, i) => contender(tag, i));
  const [any] = pushes;
  if (any !== undefined) await uploadConfig(gatewayOf(fleet, 0), token, any);
  const ends = await Promise.all(
    pushes.map((push, i) => pushManifest(gatewayOf(fleet, i), token, push)),
  );
  const winners = pushes.filter((_, i) => ends[i] === "acknowledged");
  const refused = ends.filter((end) => end === "refused").length;
  const faults: string[] = [];
  if (winners.length !== 1 || refused !== CLIENTS - 1)
    faults.push(`${winners.length} acknowledged and ${refused} refused of ${CLIENTS}`);
  const [winner] = winners;
  if (winner !== undefined) faults.push(...(await faultsAfter(fleet, token, winner)));
  return { acknowledged: winners.length, refused, faults };
}

/** All gateways serve what was acknowledged, and the audit log has it alone. */
async function faultsAfter(fleet: Fleet, token: string, winner: KnownPush): Promise<string[]> {
  const faults: string[] = [];
  for (const gateway of fleet.gateways) {
    const read = await readTag(gateway, token, winner);
    if (read === "unanswered" || read.digest !== winner.digest)
      faults.push(`${gateway} serves ${JSON.stringify(read)}, acknowledged was ${winner.digest}`);
  }
  const { rows } = await fleet.db.query<{ digest: string }>(
    `select content::jsonb ->> 'digest' as digest from audit.entry
     where repository = $1 and content::jsonb ->> 'tag' = $2 and action = 'tag.pushed'`,
    [REPOSITORY, winner.tag],
  );
  if (rows.length !== 1 || rows[0]?.digest !== winner.digest)
    faults.push(`the audit log has ${JSON.stringify(rows)}, acknowledged was ${winner.digest}`);
  return faults;
}

/** All have the same configuration, which the registry has before the race begins. */
function contender(tag: string, number: number): KnownPush {
  return knownPush(REPOSITORY, tag, "the same", { number: `${tag} ${number}` });
}

function gatewayOf({ gateways }: Fleet, index: number): string {
  return gateways[index % gateways.length] ?? "";
}
