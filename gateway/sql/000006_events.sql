-- What is announced: one row for every push, deletion and so on, written in the transaction of the change.
create table ledger.event (
  id uuid primary key,
  action text not null,
  repository text not null,
  tag text,
  digest text,
  occurred_at timestamptz not null default clock_timestamp(),
  content jsonb not null
);
comment on column ledger.event.id is 'a push has that of its reservation: whoever settles it, it is announced once';
create index event_age on ledger.event (occurred_at);

-- One queue for every sink and repository. It is counted in its own row, which whoever adds to it holds until
-- the commit: so positions have no gaps and come to light in their order.
create table ledger.outbox (
  sink text not null,
  repository text not null,
  last_position bigint not null default 0,
  done_position bigint not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  claim uuid,
  attempts integer not null default 0,
  last_error text,
  primary key (sink, repository),
  constraint outbox_counts check (done_position <= last_position)
);
comment on column ledger.outbox.due_at is 'when the first of the queue may be delivered; while somebody does, when their claim ends';
comment on column ledger.outbox.attempts is 'how often the first of the queue was tried in vain';
create index outbox_due on ledger.outbox (sink, due_at) where done_position < last_position;

create table ledger.delivery (
  sink text not null,
  repository text not null,
  position bigint not null,
  event uuid not null references ledger.event (id),
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
  attempts integer not null default 0,
  last_error text,
  settled_at timestamptz,
  primary key (sink, repository, position),
  constraint delivery_settled check ((state = 'waiting') = (settled_at is null))
);
create index delivery_by_event on ledger.delivery (event);
create index delivery_dead on ledger.delivery (sink, settled_at) where state = 'dead';
create index delivery_age on ledger.delivery (settled_at) where settled_at is not null;
