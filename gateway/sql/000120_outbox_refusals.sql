alter table ledger.outbox
  add column refusals integer not null default 0,
  add column refused_since timestamptz;
comment on column ledger.outbox.refusals is 'how often in a row, until now, the sink said that it will never take the first of the queue';
comment on column ledger.outbox.refused_since is 'when it said so first in that row';
