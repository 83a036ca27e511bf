-- Which storage the registry has: its marker, as it was written there or taken over from there. No row: none has been written.
create table ledger.storage (
  "only" boolean primary key default true check ("only"),
  id uuid not null,
  digest text not null,
  written_at timestamptz,
  accepted_at timestamptz
);
comment on column ledger.storage.digest is 'of the marker''s manifest at the registry';
comment on column ledger.storage.written_at is 'when it stood there for the first time; null: it was about to be written';
comment on column ledger.storage.accepted_at is 'when an operator said that this is the storage';
