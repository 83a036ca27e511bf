import { usageOf } from "#service-kit/usage.js";

export const USAGE = usageOf({
  about: "The audit log",
  call: "npm run",
  program: `audit-log/src/commands/main.js verify | list | policy | settings |
          who-pulled | who-could | changes | report | archive`,
  forms: `  verify [--registry [URL] [--parts]] [--kept NUMBER:SHA256]... [--archives FOLDER]
      checks every chain and checkpoint, and that the ledger says of each tag what the entries do; with
      --registry (REGISTRY_URL) also that each tag still has the recorded digest there, and that the ledger knows
      each tag of the registry; with --parts (or --blobs) that all stands there that the manifests of the ledger need: layers,
      configurations, children; with --kept that a checkpoint that was logged is still the same;
      with --archives also the archives of a folder, and that the audit log has the checkpoints between which they stand
  list [--since TIME] [--until TIME] [--repository NAME] [--action NAME] [--actor NAME] [--tag NAME]
      [--digest DIGEST] [--limit NUMBER] [--json]
      prints entries by time, the newest NUMBER of them; ends with 1 when there is none and a name is in no entry at all
  policy [--at TIME] [--of access | tags | logins]
      prints the file that was in force then: the access policy, the rules for tags, or the logins; ends with 1 when it is not on record
  settings [--at TIME]
      prints what decided then who may do what, of each service
  who-pulled REPOSITORY@DIGEST | DIGEST | REPOSITORY:TAG [--from TIME] [--to TIME] [--json | --csv]
      prints who pulled it, from where and when: of a tag all that it meant, of an image the indexes that it is in, too
  who-could pull | push | delete REPOSITORY[:TAG] [--at TIME] [--uid NAME [--realm NAME] [--kind KIND] [--team NAME]...
      [--scope NAME]... [--address ADDRESS]] [--json | --csv]
      prints who could by the rules of then; with --uid whether somebody could, and why: ends with 1 when not,
      with 2 when that cannot be known
  changes [--from TIME] [--to TIME] [--json | --csv]
      prints what changed who may do what: rules, logins, settings, robots, keys, modes; without --from of the last 30 days
  report [--quarter 2026Q4] [--json | --csv]
      prints a quarter, without one this: logins, robots, administrators, refusals, drift, checkpoints, and what verify says now;
      ends with 1 when that is not "all is right"
  archive --month 2026-10 --to FOLDER [--remove [--by NAME]]
      writes the entries of a month that is over into a file there, from the first checkpoint of the month to the first of the next;
      ends with 1 when that month cannot be archived; with --remove they leave the log after that, the first month first, where all
      archives up to it are in the folder and right: as the owner of the tables; NAME is who does it, for the audit log
  Each but archive takes --archives FOLDER, and reads what has left beside the rest`,
  examples: [
    "verify -- --registry --parts",
    "audit -- --since 24h --repository alpha/app",
    "audit -- --action tag.deleted --limit 10 --json",
    "audit -- policy --at 2026-11-20T10:00Z",
    "audit -- settings",
    "audit -- who-pulled alpha/app:1.0 --from 7d --csv",
    "audit -- who-could push alpha/app --at 2026-11-20 --uid bob --team beta",
    "audit -- changes --from 90d",
    "audit -- report --quarter 2026Q4",
    "audit -- archive --month 2026-10 --to /archive",
    "audit -- archive --month 2026-10 --to /archive --remove --by olga",
    "verify -- --archives /archive",
  ],
  ends: "0 when all is right, 1 when something is not, 2 when it could not be checked, 3 when entries have left and no archives were given",
  environment:
    "DB_SUBNAME, DB_USER, DB_PASSWORD, PGSSLMODE, KEYS_DIR, AUDIT_TRUST_FILE, REGISTRY_URL",
});
