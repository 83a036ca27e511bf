-- What the registry reported, kept before it was answered. The registry repeats and reorders its events; the
-- id makes a repeated one harmless, and none of them decides what a tag is.
create table ledger.notification (
  id text primary key,
  received_at timestamptz not null default clock_timestamp(),
  action text not null,
  repository text,
  tag text,
  digest text,
  content json not null,
  attempts integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  last_error text,
  handled_at timestamptz,
  outcome text,
  constraint notification_handled_whole check (num_nulls(handled_at, outcome) in (0, 2))
);
comment on column ledger.notification.content is 'the event as the registry sent it; json and not jsonb, which refuses \u0000';
comment on column ledger.notification.due_at is 'when it may be looked at; while somebody does, when their claim ends';
create index notification_due on ledger.notification (due_at) where handled_at is null;
create index notification_age on ledger.notification (handled_at) where handled_at is not null;

-- Authentic bytes that could not be understood: accepted all the same, since the registry holds back
-- everything behind what is not.
create table ledger.dead_notification (
  id bigint generated always as identity primary key,
  received_at timestamptz not null default clock_timestamp(),
  reason text not null,
  size bigint not null,
  content bytea not null
);
comment on column ledger.dead_notification.size is 'bytes that were sent; of what was too large, content has the first part alone';
create index dead_notification_age on ledger.dead_notification (received_at);
