-- Manifests can be deleted when nothing needs them any more; what they were is kept.
alter table ledger.manifest
  add column parsed_at timestamptz,
  add column deleting_at timestamptz,
  add column deleted_at timestamptz,
  add column deleted_by text,
  add constraint manifest_deleted_whole check (num_nulls(deleted_at, deleted_by) in (0, 2));
comment on column ledger.manifest.parsed_at is 'when what it points to went into manifest_reference; null before that';
comment on column ledger.manifest.deleting_at is 'the registry was told to delete it; a push that began before may need it and is not committed';
comment on column ledger.manifest.deleted_at is 'tombstone: the registry does not have it any more';

alter table ledger.tag add column reserved_at timestamptz;
comment on column ledger.tag.reserved_at is 'when the push under way began; taking it over does not change that';
