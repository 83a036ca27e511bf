-- A deletion of a manifest takes the tags along that mean it: they are reserved for that, and whoever settles the manifest's
-- deletion settles theirs with it. What is there already is of the kinds before.
alter table ledger.tag drop constraint tag_reserved_kind_check;
alter table ledger.tag
  add constraint tag_reserved_kind_check check (reserved_kind in ('removal', 'repair', 'manifest-removal')) not valid;
