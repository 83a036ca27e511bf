-- Who likes a repository: one star each. How many there are stands with the repository, so that no list counts them.
create table ledger.star (
  repository text not null references ledger.repository (name) on delete cascade,
  realm text not null,
  uid text not null,
  starred_at timestamptz not null default clock_timestamp(),
  primary key (repository, realm, uid)
);
comment on table ledger.star is 'one row for each repository and login';
alter table ledger.repository add column stars bigint not null default 0;
comment on column ledger.repository.stars is 'rows of ledger.star; star_count of docker search';
