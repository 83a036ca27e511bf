-- What a tag meant and means no more: since when, so that its bytes may be forgotten after a time. Written by a trigger, so that it is
-- there for whatever moves or ends a tag; what was there before is noted by gateways that forget (gateway/src/past).
create table ledger.past_manifest (
  repository text not null,
  digest text not null,
  since timestamptz not null default clock_timestamp(),
  primary key (repository, digest)
);
comment on table ledger.past_manifest is 'manifests that a tag has meant, or that stood below or beside one, and that may be past; whether they are is asked of tags and links';
comment on column ledger.past_manifest.since is 'when a tag ceased to mean it, or when it was pushed again by its digest after that';
create index past_manifest_since on ledger.past_manifest (since, repository, digest);

create function ledger.note_past() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ledger.past_manifest as known (repository, digest) values (old.repository, old.digest)
    on conflict (repository, digest) do update set since = clock_timestamp();
  return null;
end
$$;
revoke execute on function ledger.note_past() from public;
create trigger tag_past after update on ledger.tag for each row
  when (old.digest is not null and old.deleted_at is null
        and (new.digest is distinct from old.digest or new.deleted_at is not null))
  execute function ledger.note_past();
create trigger tag_past_and_gone after delete on ledger.tag for each row
  when (old.digest is not null and old.deleted_at is null)
  execute function ledger.note_past();

-- The row of a manifest stays, with what it pointed to: what is forgotten is told from what was lost.
alter table ledger.manifest add column forgotten_at timestamptz;
alter table ledger.manifest add constraint manifest_forgotten_whole
  check (forgotten_at is null or (deleted_at is not null and octet_length(content) = 0)) not valid;
comment on column ledger.manifest.forgotten_at is 'when its bytes were forgotten by rule; the audit log has manifest.forgotten';
create index manifest_to_forget on ledger.manifest (deleted_at, repository, digest)
  where deleted_at is not null and forgotten_at is null;
