-- When the last round through all tags began, and through all manifests: the next one need not follow at once.
alter table ledger.discovery
  add column tags_round_at timestamptz,
  add column manifests_round_at timestamptz;
comment on column ledger.discovery.tags_round_at is 'when a pass last began with the first tag of all';
comment on column ledger.discovery.manifests_round_at is 'when a pass last began to look into manifests with the first one of all';
