-- What happens to a tag after its push: adopted from the registry, locked, deleted, found missing or drifted.
alter table ledger.tag
  add column origin text not null default 'pushed' check (origin in ('pushed', 'adopted')),
  add column locked_at timestamptz,
  add column locked_by text,
  add column deleted_at timestamptz,
  add column deleted_by text,
  add column missing_since timestamptz,
  add column missing_sightings integer not null default 0,
  add column drift_digest text,
  add column drift_since timestamptz,
  add column reserved_origin jsonb,
  add constraint tag_locked_whole check (num_nulls(locked_at, locked_by) in (0, 2)),
  add constraint tag_deleted_whole check (num_nulls(deleted_at, deleted_by) in (0, 2)),
  add constraint tag_tombstone_keeps_digest check (deleted_at is null or digest is not null);
comment on column ledger.tag.deleted_at is 'tombstone: the name of an immutable tag comes back only with the digest it had';
comment on column ledger.tag.reserved_origin is 'who pushes and from where, for whoever settles the push if this gateway dies';
comment on column ledger.tag.locked_at is 'a mutable tag that was made immutable for good';
comment on column ledger.tag.missing_sightings is 'passes of discovery in a row that did not find the tag at the registry';

drop index ledger.tag_newest;
create index tag_newest on ledger.tag (repository, pushed_at desc)
  where digest is not null and deleted_at is null;
create index tag_by_digest on ledger.tag (repository, digest) where digest is not null;
create index tag_expired on ledger.tag (reserved_until) where reservation is not null;

-- What a manifest needs: children of an index, the subject of a referrer, configuration and layers.
create table ledger.manifest_reference (
  repository text not null,
  digest text not null,
  kind text not null check (kind in ('child', 'subject', 'blob')),
  target text not null,
  primary key (repository, digest, kind, target)
);
create index manifest_reference_by_target on ledger.manifest_reference (repository, target);
