-- Deletions and repairs reserve a tag as well. What was under way when a gateway died decides what becomes of it.
alter table ledger.tag
  add column reserved_kind text check (reserved_kind in ('removal', 'repair'));
comment on column ledger.tag.reserved_kind is 'what a reservation that is no push is for; null: a push, or no reservation';
