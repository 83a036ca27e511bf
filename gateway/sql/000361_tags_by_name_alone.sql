-- Of one repository tags by their names are read by tag_listed, and Postgres might guess wrong: so the index over all repositories is
-- written in a way that only what asks for all of them fits it.
drop index ledger.tag_by_name;
create index tag_by_name on ledger.tag (((name || '') collate "C"), repository collate "C")
  where digest is not null and deleted_at is null;
