-- A tag that was pushed beside another digest than sha256 (`?tag=`) is answered by that one. It counts as long as the tag means the
-- manifest that it meant then; whatever the tag becomes otherwise, this says nothing of it.
create table ledger.called_tag (
  repository text not null,
  tag text not null,
  digest text not null,
  called text not null,
  primary key (repository, tag)
);
comment on table ledger.called_tag is 'by which digest the manifest of a tag was called by whoever pushed it, where that is not sha256';
comment on column ledger.called_tag.digest is 'what the tag has to mean for that';
