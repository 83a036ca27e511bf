-- What names a manifest as its subject, as lists of referrers show it, so that none of them reads and parses bytes. Written by
-- triggers, in the statement that stores a manifest: so it is there for what gateways of before store, too.
create table ledger.referrer (
  repository text not null,
  subject text collate "C" not null,
  digest text collate "C" not null,
  artifact_type text,
  descriptor text not null,
  primary key (repository, subject, digest)
);
comment on table ledger.referrer is 'one row for each manifest and what it names as its subject; whether it stands still, manifest says';
comment on column ledger.referrer.artifact_type is 'its own, else the media type of its configuration; null for an index without one';
comment on column ledger.referrer.descriptor is 'JSON, as it stands in a list of referrers (OCI distribution-spec, "Listing Referrers")';

-- What an older client wrote under a fallback tag counts as well (OCI distribution-spec, "Enabling the Referrers API").
create table ledger.fallback_read (
  repository text not null,
  subject text collate "C" not null,
  digest text,
  read_at timestamptz not null default clock_timestamp(),
  primary key (repository, subject)
);
comment on table ledger.fallback_read is 'of whose fallback tag all that it lists is known here';
comment on column ledger.fallback_read.digest is 'what the tag meant then; null: there was none';

create function ledger.referrer_of(media_type text, digest text, content bytea, out artifact_type text, out descriptor text)
language plpgsql immutable set search_path = '' as $$
declare
  said jsonb;
  annotations jsonb;
begin
  begin
    said := convert_from(content, 'UTF8')::jsonb;
  exception when others then
    -- It can be listed all the same; what it says nobody can tell.
    said := '{}';
  end;
  artifact_type := coalesce(nullif(said ->> 'artifactType', ''), nullif(said #>> '{config,mediaType}', ''));
  if jsonb_typeof(said -> 'annotations') = 'object' then
    select jsonb_object_agg(key, value) into annotations
      from jsonb_each(said -> 'annotations') where jsonb_typeof(value) = 'string';
  end if;
  descriptor := jsonb_strip_nulls(jsonb_build_object(
    'mediaType', media_type, 'digest', digest, 'size', octet_length(content),
    'artifactType', artifact_type, 'annotations', annotations))::text;
end
$$;

create function ledger.note_referrer(in_repository text, in_digest text, in_subject text) returns void
language sql set search_path = '' as $$
  insert into ledger.referrer (repository, subject, digest, artifact_type, descriptor)
    select in_repository, in_subject, in_digest, listed.artifact_type, listed.descriptor
    from ledger.manifest
      cross join lateral ledger.referrer_of(manifest.media_type, manifest.digest, manifest.content) as listed
    where manifest.repository = in_repository and manifest.digest = in_digest
      -- Pushed by another digest, it is listed under that one.
      and not exists (
        select from ledger.manifest_link as alias join ledger.manifest as same
          on same.repository = alias.repository and same.digest = alias.digest
        where alias.repository = in_repository and alias.children @> array[ledger.digest_bytes(in_digest)]
          and octet_length(same.content) = octet_length(manifest.content) and same.content = manifest.content)
    on conflict do nothing
$$;
create function ledger.note_link() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform ledger.note_referrer(new.repository, new.digest, ledger.digest_text(new.subject));
  return null;
end
$$;
create function ledger.note_reference() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform ledger.note_referrer(new.repository, new.digest, new.target);
  return null;
end
$$;
revoke execute on function ledger.note_referrer(text, text, text), ledger.note_link(), ledger.note_reference() from public;

create trigger referrer_linked after insert on ledger.manifest_link for each row
  when (new.subject is not null) execute function ledger.note_link();
create trigger referrer_named after insert on ledger.manifest_reference for each row
  when (new.kind = 'subject') execute function ledger.note_reference();

-- Of the manifests from before the triggers; pushes go on meanwhile.
insert into ledger.referrer (repository, subject, digest, artifact_type, descriptor)
  select known.repository, known.subject, known.digest, listed.artifact_type, listed.descriptor
  from (
    select repository, digest, ledger.digest_text(subject) as subject from ledger.manifest_link where subject is not null
    union
    select repository, digest, target from ledger.manifest_reference where kind = 'subject'
  ) as known
    join ledger.manifest on manifest.repository = known.repository and manifest.digest = known.digest
    cross join lateral ledger.referrer_of(manifest.media_type, manifest.digest, manifest.content) as listed
  on conflict do nothing;
