-- What manifests need and the registry did not have when discovery looked: layers, configurations, children of indexes.
create table ledger.missing_part (
  repository text not null,
  digest text not null,
  part text not null,
  since timestamptz not null default clock_timestamp(),
  primary key (repository, digest, part)
);
comment on column ledger.missing_part.part is 'digest of what is missing; the manifest''s own when it is what the registry lacks';

alter table ledger.discovery
  add column looked_at_repository text not null default '',
  add column looked_at_digest text not null default '';
comment on column ledger.discovery.looked_at_digest is 'the last manifest whose parts a pass looked for; the next pass goes on after it';
