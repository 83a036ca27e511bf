-- One row for every tag that was ever pushed or is being pushed. The primary key is what makes two
-- gateways agree: of any number of racing pushes one statement lets exactly one through.
create table ledger.tag (
  repository text not null,
  name text not null,
  digest text,
  pushed_by text,
  pushed_at timestamptz,
  reservation uuid,
  reserved_digest text,
  reserved_by text,
  reserved_until timestamptz,
  primary key (repository, name),
  constraint tag_committed_whole
    check (num_nulls(digest, pushed_by, pushed_at) in (0, 3)),
  constraint tag_reserved_whole
    check (num_nulls(reservation, reserved_digest, reserved_by, reserved_until) in (0, 4)),
  constraint tag_means_something
    check (digest is not null or reservation is not null)
);
comment on column ledger.tag.digest is 'what the tag means; null while its first push is on its way';
comment on column ledger.tag.pushed_at is 'when the tag came to mean this digest';
comment on column ledger.tag.reservation is 'who may write the tag at the registry at the moment';
comment on column ledger.tag.reserved_until is 'a gateway that died holds its reservation no longer than this';

create index tag_newest on ledger.tag (repository, pushed_at desc) where digest is not null;

-- Manifests as received, byte for byte: what a tag meant can be shown, compared and restored.
create table ledger.manifest (
  repository text not null,
  digest text not null,
  media_type text not null,
  content bytea not null,
  stored_at timestamptz not null default now(),
  primary key (repository, digest)
);
