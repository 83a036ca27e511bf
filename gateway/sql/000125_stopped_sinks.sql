-- Sinks that said that they want no more events. What is meant for them is kept in their queues.
create table ledger.sink_stop (
  sink text not null,
  target text not null,
  reason text not null,
  stopped_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  primary key (sink, target)
);
comment on column ledger.sink_stop.target is 'fingerprint of where the sink led: it is stopped for gateways alone that have it so';
comment on column ledger.sink_stop.ended_at is 'when it was started again, by an operator or since it leads elsewhere; null: it is stopped';
