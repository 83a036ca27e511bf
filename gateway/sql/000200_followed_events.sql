-- In which transaction an event was written. Who follows events asks for those of transactions that had not ended when they asked
-- before: times and numbers of rows come to light out of order, what is skipped once would be lost. In two steps, since a default that
-- differs from row to row would have the table written anew; rows from before have none, and are followed by nobody.
alter table ledger.event add column written_in xid8;
alter table ledger.event alter column written_in set default pg_current_xact_id();
comment on column ledger.event.written_in is 'transaction that wrote it; null: it was written before this was kept';
create index event_followed on ledger.event (written_in, occurred_at, id) where action in ('push', 'delete', 'lock');
