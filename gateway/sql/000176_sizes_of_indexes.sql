-- An index has no parts of its own whose bytes could be counted, and least() passes over what is null: its size was the bound. What
-- a manifest claims beyond a petabyte is a lie, and does not count.
create or replace function ledger.facts_of(digest text, manifest jsonb, out image text, out size bigint, out artifact_type text, out platforms text[])
language sql immutable set search_path = '' as $$
  select
    left(coalesce(manifest #>> '{config,digest}', manifest #>> '{layers,-1,digest}', manifest #>> '{fsLayers,0,blobSum}', digest), 160),
    (select case when sum(part::text::numeric) between 0 and 1e15 then sum(part::text::numeric)::bigint end
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
update ledger.manifest_facts set size = null where size not between 0 and 1000000000000000;
