-- A deletion that the registry has not answered it may still carry out, also after the manifest was pushed again.
alter table ledger.manifest
  add column late_since timestamptz,
  add column late_by jsonb,
  add column late_wanted boolean not null default false;
comment on column ledger.manifest.late_since is 'when the registry was told last to delete it without having answered; null: never, or so long ago that it does so no more';
comment on column ledger.manifest.late_by is 'who wanted it deleted';
comment on column ledger.manifest.late_wanted is 'whether somebody has pushed it, or what names it, since the registry was told';
create index manifest_late on ledger.manifest (late_since) where late_since is not null;
