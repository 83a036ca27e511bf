-- Tags of all repositories by the beginning of their names: what a search over tags reads, a range of it for each page. Of one repository
-- tags by their names are read by tag_listed, and Postgres might guess wrong: so it is written in a way that only what asks for all of
-- them fits it.
create index tag_by_name on ledger.tag (((name || '') collate "C"), repository collate "C")
  where digest is not null and deleted_at is null;
