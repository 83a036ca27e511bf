-- What lists show of a manifest, so that none of them reads and parses bytes. Written by a trigger, so that it is there for what
-- gateways of before store, too; they may not write to a table of after them.
create table ledger.manifest_facts (
  repository text not null,
  digest text not null,
  image text collate "C" not null,
  size bigint,
  artifact_type text,
  platforms text[],
  primary key (repository, digest)
);
comment on table ledger.manifest_facts is 'one row for each manifest; what cannot be told of it is null';
comment on column ledger.manifest_facts.image is 'digest of the configuration, else of the top layer, else its own: by what Pier One''s clients know an image';
comment on column ledger.manifest_facts.size is 'of configuration and layers, in bytes; null for an index';
comment on column ledger.manifest_facts.platforms is 'of an index, as linux/arm64/v8';
create index manifest_facts_by_image on ledger.manifest_facts (image);

create function ledger.json_of(content bytea) returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  -- What is larger names thousands of things, and a push waits for this.
  if octet_length(content) > 65536 then
    return null;
  end if;
  return convert_from(content, 'UTF8')::jsonb;
exception when others then
  return null;
end
$$;

create function ledger.facts_of(digest text, manifest jsonb, out image text, out size bigint, out artifact_type text, out platforms text[])
language sql immutable set search_path = '' as $$
  select
    left(coalesce(manifest #>> '{config,digest}', manifest #>> '{layers,-1,digest}', manifest #>> '{fsLayers,0,blobSum}', digest), 160),
    (select least(sum(part::text::numeric), 9000000000000000000)::bigint
     from (select jsonb_path_query(manifest, '$.layers[*].size ? (@.type() == "number")', '{}', true) as part
           union all select jsonb_path_query(manifest, '$.config.size ? (@.type() == "number")', '{}', true)) as parts),
    left(coalesce(manifest ->> 'artifactType', case
      when manifest #>> '{config,mediaType}' not in
        ('application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json')
      then manifest #>> '{config,mediaType}' end), 255),
    (select array_agg(platform order by platform)
     from (select distinct left(concat_ws('/', child ->> 'os', child ->> 'architecture', child ->> 'variant'), 100) as platform
           from jsonb_path_query(manifest, '$.manifests[*].platform ? (@.os != "unknown")', '{}', true) as child
           order by platform limit 50) as named)
$$;

create function ledger.note_facts() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ledger.manifest_facts (repository, digest, image, size, artifact_type, platforms)
    select new.repository, new.digest, facts.image, facts.size, facts.artifact_type, facts.platforms
    from ledger.facts_of(new.digest, ledger.json_of(new.content)) as facts
    on conflict do nothing;
  return null;
end
$$;
revoke execute on function ledger.note_facts() from public;
create trigger manifest_facts after insert on ledger.manifest for each row execute function ledger.note_facts();
