-- What a virtual latest means. Signatures and referrers are not what anybody wants to run, and when an adopted
-- tag was pushed is not known: it counts only where nothing was pushed. 'pushed' sorts behind 'adopted'.
create index tag_latest on ledger.tag (repository, origin desc, pushed_at desc)
  where digest is not null and deleted_at is null
    and name !~ '^sha(256|512)-[0-9a-f]{64}([.](sig|att|sbom))?$';
-- Last, since readers wait from here to the end of the transaction.
drop index ledger.tag_newest;
