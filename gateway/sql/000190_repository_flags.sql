-- What administrators say of a repository, as searches by registry clients show it.
alter table ledger.repository
  add column official boolean not null default false,
  add column automated boolean not null default false;
comment on column ledger.repository.official is 'is_official of docker search: set by administrators';
comment on column ledger.repository.automated is 'is_automated of docker search: set by administrators';
