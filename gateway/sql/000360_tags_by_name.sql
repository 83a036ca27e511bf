-- Tags of all repositories by the beginning of their names: what a search over tags reads, a range of it for each page.
create index tag_by_name on ledger.tag (name collate "C", repository collate "C")
  where digest is not null and deleted_at is null;
