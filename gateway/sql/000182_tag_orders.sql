-- Tags of a repository in the orders that are asked for, and wherever a digest stands. Names of repositories can be long, and each
-- push would write them into each of these: their hashes, which stay what they are over versions of Postgres, take eight bytes.
-- A version as a text whose order is the versions': numbers by their value, 1.0.0-rc.2 before 1.0.0-rc.10 before 1.0.0. What is no
-- version stands before all.
create function ledger.version_order(name text) returns text language sql immutable parallel safe
return case when name ~ '^v?[0-9]+([.][0-9]+)*([-_.].*)?$'
  then '1' || left(regexp_replace(regexp_replace(ltrim(name, 'v'), '([0-9]+)', '0000000000000000000\1', 'g'),
                                  '[0-9]*([0-9]{20})', '\1', 'g'), 400) || '.'
  else '0' || name end;

create index tag_by_version on ledger.tag
  (hashtextextended(repository, 0), (ledger.version_order(name) collate "C"))
  where digest is not null and deleted_at is null;
create index tag_by_push on ledger.tag (hashtextextended(repository, 0), pushed_at)
  where digest is not null and deleted_at is null;
create index tag_with_digest on ledger.tag using hash (digest)
  where digest is not null and deleted_at is null;
create index pull_total_newest on ledger.pull_total (hashtextextended(repository, 0), last_at) where tag <> '';
