-- Images that somebody marked as ready for production, as Pier One's clients can.
create table ledger.production_mark (
  repository text not null,
  digest text not null,
  incident text not null,
  marked_by text not null,
  marked_at timestamptz not null default clock_timestamp(),
  primary key (repository, digest)
);
