-- Pushes of manifests by digest that are under way: written before the registry is asked, gone when what came of it is on
-- record. Whatever the registry stored for a gateway that died, or that lost the database, is put on record by any other.
create table ledger.manifest_push (
  id uuid primary key,
  repository text not null,
  digest text not null,
  actor jsonb not null,
  unsettled_at timestamptz not null
);
comment on column ledger.manifest_push.actor is 'who pushes and from where, for whoever settles it';
comment on column ledger.manifest_push.unsettled_at is 'from then on its gateway counts as lost, and anybody may settle it';
create index manifest_push_unsettled on ledger.manifest_push (unsettled_at);

-- So that gateways learn every few seconds what was deleted.
create index tag_deleted on ledger.tag (deleted_at) where deleted_at is not null;
