-- What programs somebody pulled with, the last few: no part of who they are, so that another name of a program is no other row.
alter table ledger.pull add column user_agents text[] not null default '{}';
comment on column ledger.pull.user_agents is 'the last few programs, the latest first; empty in rows that were written before there was this';

-- The same by the day on which it was written down. When the day is over a digest of its rows goes on record (audit action
-- pulls.sealed), and nothing is written for that day any more.
create table ledger.pull_day (
  day date not null,
  repository text not null,
  tag text not null,
  digest text not null,
  caller text not null,
  uid text not null,
  realm text not null,
  kind text not null,
  address text not null,
  count bigint not null check (count > 0),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (day, repository, tag, digest, caller)
);
create table ledger.pull_seal (
  day date primary key
);
comment on table ledger.pull_seal is 'days that are over: their digests are in the audit log';

-- What there was no room for.
create table ledger.pull_left_out (
  repository text primary key,
  records bigint not null,
  pulls bigint not null,
  last_at timestamptz not null
);
