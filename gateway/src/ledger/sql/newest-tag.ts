/**
 * End of a statement on `ledger.tag` that finds the tag which virtual `latest` means in repository `$1`. The tag
 * that was pushed last: of an adopted one it is known when it was found, not when it was pushed, so that one counts
 * only where nothing was pushed. Tags of signatures and referrers (`isSignatureTag`) never count. Word for word the
 * condition of the index `tag_latest`, or Postgres does not use it.
 */
export const NEWEST_TAG = `repository = $1 and digest is not null and deleted_at is null
  and name !~ '^sha(256|512)-[0-9a-f]{64}([.](sig|att|sbom))?$'
  order by origin desc, pushed_at desc limit 1`;
