-- What the registry was told and has not answered it may still carry out. Until it can do so no more, what it does then is
-- looked for, and put right.
create table ledger.unanswered_write (
  repository text not null,
  tag text not null,
  digest text not null,
  actor jsonb not null,
  was_free boolean not null,
  late_until timestamptz not null,
  look_at timestamptz not null,
  primary key (repository, tag, digest)
);
comment on table ledger.unanswered_write is 'pushes, repairs and deletions of tags that were given up without an answer of the registry';
comment on column ledger.unanswered_write.digest is 'what the tag means there once it is carried out; of a deletion: what it meant';
comment on column ledger.unanswered_write.was_free is 'whether the registry had no such tag before it was told';
comment on column ledger.unanswered_write.late_until is 'from then on the registry carries it out no more';
comment on column ledger.unanswered_write.look_at is 'when somebody looks next';
create index unanswered_write_look on ledger.unanswered_write (look_at);

alter table ledger.manifest_push add column noted_at timestamptz not null default clock_timestamp();
comment on column ledger.manifest_push.noted_at is 'when the registry was told; how long it may still carry it out counts from then';
