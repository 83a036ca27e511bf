-- Tags of a digest in their order: a base image may be meant by a tag of each of 50,000 repositories, and each page would sort them all.
create index tag_of_digest on ledger.tag (hashtextextended(digest, 0), repository collate "C", name collate "C")
  where digest is not null and deleted_at is null;
drop index ledger.tag_with_digest;
