-- Who deletes a manifest is kept before the registry is told, so that it can be put on record if the gateway dies.
alter table ledger.manifest add column deleting_by jsonb;
comment on column ledger.manifest.deleting_by is 'who deletes it and from where, for whoever settles the deletion if this gateway dies';
create index manifest_deleting on ledger.manifest (deleting_at) where deleting_at is not null;
