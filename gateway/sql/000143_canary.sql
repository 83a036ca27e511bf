-- A blob that a garbage collection has to remove: whether it has, and whether every registry has forgotten it, is asked before
-- anything may be pushed again. No row: none was written.
create table ledger.canary (
  "only" boolean primary key default true check ("only"),
  repository text not null,
  digest text not null,
  written_at timestamptz not null default clock_timestamp()
);
