-- What runs where, as clusters and schedulers report it. A report is replaced whole; what it does not name any more ended, and
-- stays for a while, since it was in use not long ago.
create table ledger.in_use_report (
  id bigint generated always as identity primary key,
  realm text not null,
  uid text not null,
  name text not null,
  reported_at timestamptz not null,
  unique (realm, uid, name)
);
comment on table ledger.in_use_report is 'who reports, and of what: a cluster, a scheduled job';

create table ledger.in_use (
  report bigint not null references ledger.in_use_report (id) on delete cascade,
  repository text not null,
  digest text not null,
  tag text not null,
  node text not null,
  service text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (report, repository, digest, tag, node, service)
);
comment on column ledger.in_use.tag is 'as it was reported; empty: by digest alone';
comment on column ledger.in_use.ends_at is 'until then it counts as running';
create index in_use_by_manifest on ledger.in_use (digest, repository);
create index in_use_newest on ledger.in_use (repository, last_at desc);
create index in_use_ended on ledger.in_use (report, ends_at);

-- Who asks which programs use an image has its digest, and not where it is.
create index pull_by_digest on ledger.pull (digest, repository);
create index manifest_facts_by_digest on ledger.manifest_facts (digest, repository);

create table ledger.in_use_waiver (
  repository text not null,
  digest text not null,
  waived_by text not null,
  reason text not null,
  ends_at timestamptz not null,
  primary key (repository, digest)
);
comment on table ledger.in_use_waiver is 'manifests that may be deleted although they are in use: an administrator said so, on the audit log';
