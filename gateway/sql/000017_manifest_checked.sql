-- Whether the registry ever looked for all that a manifest needs. It does when a manifest is pushed, but takes some blobs
-- for manifests that nobody pushed as such.
alter table ledger.manifest add column checked_at timestamptz;
comment on column ledger.manifest.checked_at is 'when the registry took it as a manifest, with all its parts; null for what was only found';
