-- Of the manifests from before the trigger; pushes go on meanwhile.
insert into ledger.manifest_facts (repository, digest, image, size, artifact_type, platforms)
  select manifest.repository, manifest.digest, facts.image, facts.size, facts.artifact_type, facts.platforms
  from ledger.manifest as manifest
    cross join lateral ledger.facts_of(manifest.digest, ledger.json_of(manifest.content)) as facts
  on conflict do nothing;
