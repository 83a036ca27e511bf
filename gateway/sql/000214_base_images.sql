-- On what images are built. An image's layers, the lowest first, have one name for all of them and one for each part from the lowest
-- on: 128 bits of a hash of their digests. An image whose whole is a part of another is one that it is built on. Rows hold
-- no names but those, so that what a manifest costs here stays below what was sent.
create table ledger.image_layers (
  id bigint generated always as identity primary key,
  repository text not null,
  digest text not null,
  layers integer not null,
  whole uuid not null,
  unique (repository, digest)
);
comment on table ledger.image_layers is 'one row for each image with layers; whether it stands still, manifest says';
comment on column ledger.image_layers.id is 'in the order in which images became known';
create index image_layers_whole on ledger.image_layers (whole, id);

create table ledger.image_part (
  part uuid not null,
  image bigint not null,
  primary key (part, image)
);
comment on table ledger.image_part is 'of each image the layers from the lowest up to each but the topmost one';

-- Null for what is no image, or has more layers than any engine runs.
create function ledger.layer_names(manifest jsonb) returns uuid[] language plpgsql immutable set search_path = '' as $$
declare
  names uuid[] := '{}';
  digest jsonb;
  below text := '';
begin
  if jsonb_typeof(manifest -> 'config') is distinct from 'object' or jsonb_typeof(manifest -> 'layers') is distinct from 'array'
     or jsonb_array_length(manifest -> 'layers') not between 1 and 128 then
    return null;
  end if;
  for digest in select layer -> 'digest' from jsonb_array_elements(manifest -> 'layers') with ordinality as listed (layer, place) order by place loop
    if jsonb_typeof(digest) is distinct from 'string' then
      return null;
    end if;
    below := substr(encode(sha256(convert_to(below || ' ' || (digest #>> '{}'), 'UTF8')), 'hex'), 1, 32);
    names := names || below::uuid;
  end loop;
  return names;
end
$$;

create or replace function ledger.note_facts() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  said constant jsonb := ledger.json_of(new.content);
  names constant uuid[] := ledger.layer_names(said);
  facts record;
  known bigint;
begin
  select * into facts from ledger.facts_of(new.digest, said);
  insert into ledger.manifest_facts (repository, digest, image, size, artifact_type, platforms)
    values (new.repository, new.digest, facts.image, facts.size, facts.artifact_type, facts.platforms)
    on conflict do nothing;
  insert into ledger.catalog_change (repository, digest, bytes)
    values (new.repository, new.digest, case when new.deleted_at is null then coalesce(facts.size, 0) else 0 end);
  if names is not null then
    insert into ledger.image_layers (repository, digest, layers, whole)
      values (new.repository, new.digest, cardinality(names), names[cardinality(names)])
      on conflict do nothing returning id into known;
    insert into ledger.image_part (part, image)
      select part, known from unnest(names[:cardinality(names) - 1]) as part where known is not null;
  end if;
  return null;
end
$$;
