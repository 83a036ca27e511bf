-- Of the manifests from before the trigger knew of layers; pushes go on meanwhile, and whichever notes an image first, the other leaves it.
with known as materialized (
  select manifest.repository, manifest.digest, ledger.layer_names(ledger.json_of(manifest.content)) as names
  from ledger.manifest as manifest
), image as (
  insert into ledger.image_layers (repository, digest, layers, whole)
    select repository, digest, cardinality(names), names[cardinality(names)] from known where names is not null
    on conflict do nothing returning id, repository, digest
)
insert into ledger.image_part (part, image)
  select part, image.id
  from image join known using (repository, digest) cross join unnest(names[:cardinality(names) - 1]) as part;
