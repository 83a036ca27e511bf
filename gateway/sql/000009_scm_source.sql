-- Where images come from: told by a trusted pusher, or found in the image.
create table ledger.scm_source (
  repository text not null,
  digest text not null,
  url text not null,
  revision text not null,
  author text not null,
  status text not null,
  origin text not null check (origin in ('header', 'annotation', 'label', 'file')),
  pushed_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (repository, digest)
);
comment on column ledger.scm_source.digest is 'of the manifest or index that was pushed';
comment on column ledger.scm_source.pushed_by is 'who pushed it first; empty for what stood at the registry';
comment on column ledger.scm_source.origin is 'only a header replaces a source that is known from elsewhere';

-- Manifests in which a source has to be looked for, off the way of the push. A row stays when there was none.
create table ledger.scm_search (
  repository text not null,
  digest text not null,
  pushed_by text not null,
  with_layers boolean not null,
  attempts integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  claim uuid,
  outcome text check (outcome in ('none', 'given-up')),
  last_error text,
  primary key (repository, digest)
);
comment on column ledger.scm_search.due_at is 'when it may be looked at; while somebody does, when their claim ends';
comment on column ledger.scm_search.attempts is 'counted when it is taken: an image that kills the gateway is not tried for ever';
comment on column ledger.scm_search.outcome is 'null while it is still looked for';
create index scm_search_due on ledger.scm_search (due_at) where outcome is null;

alter table ledger.tag add column reserved_source jsonb;
comment on column ledger.tag.reserved_source is 'what the push under way says of its source, for whoever settles it; means nothing without a reservation';
