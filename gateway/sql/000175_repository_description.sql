-- What a team says of its repository.
alter table ledger.repository
  add column description text not null default '',
  add column described_by text,
  add column described_at timestamptz;
comment on column ledger.repository.described_by is 'who wrote the description last; null: nobody';
