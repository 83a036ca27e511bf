-- A pass that takes longer than the time between two beginnings is followed by a rest all the same, on whatever replica.
alter table ledger.discovery add column ended_at timestamptz;
comment on column ledger.discovery.ended_at is 'when a pass last ended; no more than a hint when its process was killed';
