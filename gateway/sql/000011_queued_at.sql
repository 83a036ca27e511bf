-- Since when a delivery is tried: a replay begins anew. In two steps, since a default that differs from row to row
-- would have the table written anew. Rows from before have none; older gateways that still run get the default.
alter table ledger.delivery add column queued_at timestamptz;
alter table ledger.delivery alter column queued_at set default clock_timestamp();
comment on column ledger.delivery.queued_at is 'when it was put into the queue; null: before this was kept, then the age of the event counts';
