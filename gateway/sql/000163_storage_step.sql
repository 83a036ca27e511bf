-- How far the storage has come: an older copy of it bears the same marker, but an older step. No row: it has taken none.
create table ledger.storage_step (
  "only" boolean primary key default true check ("only"),
  storage uuid not null,
  number bigint not null,
  digest text,
  next_digest text,
  stepped_at timestamptz,
  entries bigint not null default 0
);
comment on column ledger.storage_step.storage is 'which storage; a step of another one says nothing';
comment on column ledger.storage_step.number is 'of the newest step, whether it stands there or is about to be written';
comment on column ledger.storage_step.digest is 'of the newest step that was seen at the registry; null: none was';
comment on column ledger.storage_step.next_digest is 'of a step that is about to be written, or was by a gateway that ended then';
comment on column ledger.storage_step.stepped_at is 'when it was taken; null: another one is due';
comment on column ledger.storage_step.entries is 'of the audit log, when it was taken: without further ones no other one is due';
