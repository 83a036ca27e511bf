-- What indexes and referrers point to: one row for each of them, and none for anything else. Layers are not kept
-- one by one: they stand in the manifest itself, and nobody looks for them. So what a manifest costs here stays
-- below what was sent, however many names are in it.
--
-- manifest_reference stays as it is, and is read beside this table: gateways from before this migration go on
-- writing it while they are replaced one after the other. Newer ones leave it alone, and leave parsed_at empty, so
-- that an older gateway that is about to delete something reads the manifest's bytes instead. A later migration
-- moves what manifest_reference has about children and subjects, and drops it.
create table ledger.manifest_link (
  repository text not null,
  digest text not null,
  children bytea[],
  subject bytea,
  primary key (repository, digest),
  constraint manifest_link_to_something check (num_nonnulls(children, subject) > 0)
);
comment on column ledger.manifest_link.children is 'digests without the name of their algorithm, which their length tells: 32 bytes are sha256, 64 are sha512';
-- Without a list of pending entries: those would be searched one by one, and merged at some other push's cost.
create index manifest_link_children on ledger.manifest_link using gin (children) with (fastupdate = off)
  where children is not null;

alter table ledger.manifest add column linked_at timestamptz;
comment on column ledger.manifest.linked_at is 'when what it points to went into manifest_link; null before that';
comment on column ledger.manifest.parsed_at is 'when what it points to went into manifest_reference, by a gateway of before manifest_link';

create function ledger.digest_bytes(digest text) returns bytea
  language sql immutable strict parallel safe
  return case when digest ~ '^sha(256|512):([0-9a-f][0-9a-f])+$' then decode(substr(digest, 8), 'hex') end;
comment on function ledger.digest_bytes is 'null for what is no digest';
create function ledger.digest_text(digest bytea) returns text
  language sql immutable strict parallel safe
  return case octet_length(digest) when 64 then 'sha512:' else 'sha256:' end || encode(digest, 'hex');
