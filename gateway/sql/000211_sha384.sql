-- Stock registries take blobs by sha384, too: what manifests point to is kept by its length alone, which is 48 bytes then.
create or replace function ledger.digest_bytes(digest text) returns bytea
  language sql immutable strict parallel safe
  return case when digest ~ '^sha(256|384|512):([0-9a-f][0-9a-f])+$' then decode(substr(digest, 8), 'hex') end;
create or replace function ledger.digest_text(digest bytea) returns text
  language sql immutable strict parallel safe
  return case octet_length(digest) when 64 then 'sha512:' when 48 then 'sha384:' else 'sha256:' end || encode(digest, 'hex');
comment on column ledger.manifest_link.children is 'digests without the name of their algorithm, which their length tells: 32 bytes are sha256, 48 are sha384, 64 are sha512';
