-- What happened to one tag, and what was refused, without a look at everything else that happened in its repository.
create index entry_tag on audit.entry (repository, ((content::json ->> 'tag')), at, chain, position)
  where repository is not null;
create index entry_refused on audit.entry (at, chain, position) where action = 'tag.refused';
create index entry_refused_in on audit.entry (repository, at, chain, position) where action = 'tag.refused';
create index entry_refused_of on audit.entry (((content::json #>> '{actor,uid}')), at, chain, position)
  where action = 'tag.refused';
