-- What passes of discovery found, as lists show it: each kind is a range of an index of its own, which is empty where all is well.
create index tag_drifted on ledger.tag (repository, name) where drift_digest is not null and deleted_at is null;
create index tag_missing on ledger.tag (repository, name) where missing_since is not null and deleted_at is null;
create index tag_absent on ledger.tag (repository, name)
  where missing_since is null and missing_sightings > 0 and deleted_at is null;
create index tag_adopted on ledger.tag (repository, name)
  where origin = 'adopted' and digest is not null and deleted_at is null;
