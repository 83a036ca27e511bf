-- What virtual latest means where nothing was pushed through the gateway: found out at the registry once, and from then on
-- a fact. So neither reading nor discovery moves it, in whatever order they come across a repository's tags.
create table ledger.inherited_latest (
  repository text primary key,
  tag text not null,
  digest text not null,
  created_at timestamptz,
  found_at timestamptz not null default clock_timestamp()
);
comment on column ledger.inherited_latest.tag is 'latest: the registry''s own; else the newest of the tags, which the ledger has adopted';
comment on column ledger.inherited_latest.created_at is 'when the image was made, as it says; null for the registry''s own, and where it does not say';
