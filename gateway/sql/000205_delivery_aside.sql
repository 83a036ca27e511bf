-- Events that a sink without order did not take, while those behind them in their queue are delivered. Each is tried again
-- by itself. Its delivery still waits; its place in the queue counts as done.
create table ledger.delivery_aside (
  sink text not null,
  repository text not null,
  position bigint not null,
  due_at timestamptz not null,
  claim uuid,
  attempts integer not null,
  last_error text,
  refusals integer not null,
  refused_since timestamptz,
  primary key (sink, repository, position),
  foreign key (sink, repository, position)
    references ledger.delivery (sink, repository, position) on delete cascade
);
comment on column ledger.delivery_aside.due_at is 'when it may be delivered; while somebody does, when their claim ends';
comment on column ledger.delivery_aside.refusals is 'how often in a row, until now, the sink said that it will never take it';
create index delivery_aside_due on ledger.delivery_aside (sink, due_at);
