-- Who pulled what from where: one row for each, counted up, until it is too old.
create table ledger.pull (
  repository text not null,
  tag text not null,
  digest text not null,
  caller text not null,
  uid text not null,
  realm text not null,
  kind text not null,
  address text not null,
  user_agent text not null,
  count bigint not null check (count > 0),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (repository, tag, digest, caller)
);
comment on column ledger.pull.tag is 'empty when it was pulled by digest alone';
comment on column ledger.pull.caller is 'hash of who, how and from where, so that the key stays short';
create index pull_newest on ledger.pull (repository, last_at desc);
create index pull_age on ledger.pull (last_at);

-- How often and when last: outlives the rows above.
create table ledger.pull_total (
  repository text not null,
  tag text not null,
  count bigint not null check (count > 0),
  last_at timestamptz not null,
  primary key (repository, tag)
);
