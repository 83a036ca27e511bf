-- Where discovery stands, for all replicas; no row: it never ran.
create table ledger.discovery (
  "only" boolean primary key default true check ("only"),
  verified_repository text not null default '',
  verified_tag text not null default '',
  began_at timestamptz not null default clock_timestamp()
);
comment on column ledger.discovery.verified_tag is 'the last tag that a pass compared with the registry; the next pass goes on after it';
comment on column ledger.discovery.began_at is 'when the last pass began, so that replicas do not each begin one';

alter table ledger.tag add column missing_seen_at timestamptz;
comment on column ledger.tag.missing_seen_at is 'when it was last not found; no pass of discovery counts a tag twice';
create index tag_suspect on ledger.tag (repository, name)
  where missing_sightings > 0 or drift_digest is not null;

-- Whether anything may be pushed; no row: normal.
create table ledger.mode (
  "only" boolean primary key default true check ("only"),
  mode text not null check (mode in ('normal', 'read-only')),
  reason text not null,
  changed_by text not null,
  changed_at timestamptz not null,
  drain_until timestamptz not null
);
comment on column ledger.mode.drain_until is 'uploads that began before the change may go on until then';

-- What every gateway last said about itself; whoever waits for pushes to end reads it.
create table ledger.gateway (
  name text primary key,
  mode_changed_at timestamptz,
  writes integer not null check (writes >= 0),
  seen_at timestamptz not null
);
comment on column ledger.gateway.mode_changed_at is 'which change of the mode it follows; null before the first';
comment on column ledger.gateway.writes is 'requests that write at the registry and have not been answered';
