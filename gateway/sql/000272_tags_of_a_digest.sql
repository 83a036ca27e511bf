-- Tags of a digest by their repositories: a base image may be meant by a tag of each of 50,000, and each page would sort them all. Not
-- their names, too: a digest has few tags in one repository, and each push would write them once more.
create index tag_of_digest on ledger.tag (hashtextextended(digest, 0), repository collate "C")
  where digest is not null and deleted_at is null;
drop index ledger.tag_with_digest;
