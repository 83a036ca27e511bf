-- Refused pushes of the last hour. The first of each kind has an entry in the audit log at once; that it was repeated, and what
-- goes beyond the number that is told apart for each actor, is counted here and becomes one entry when the hour is over.
create table ledger.refusal (
  key text primary key,
  actor text not null,
  entry json not null,
  repeats bigint not null check (repeats >= 0),
  began_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
comment on column ledger.refusal.key is 'hash of who was refused what and why';
comment on column ledger.refusal.actor is 'hash of who';
comment on column ledger.refusal.repeats is 'how many are not in the audit log yet';
create index refusal_by_actor on ledger.refusal (actor);
create index refusal_age on ledger.refusal (began_at);
