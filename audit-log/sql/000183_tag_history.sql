-- What happened to one tag, and what was refused, without a look at everything else that happened in its repository. Not read as JSON:
-- an entry that Postgres cannot take apart, since somebody calls himself what it does not allow, is appended all the same. What the
-- index finds is looked at by whoever reads it.
create index entry_tag on audit.entry
  (hashtextextended(repository || ':' || substring(content from '"tag":"([^"]{1,128})"'), 0), at, chain, position)
  where repository is not null;
create index entry_refused on audit.entry (at, chain, position) where action = 'tag.refused';
create index entry_refused_in on audit.entry (repository, at, chain, position) where action = 'tag.refused';
create index entry_refused_of on audit.entry
  (hashtextextended(substring(content from '"uid":("(?:[^"\\]|\\.)*")'), 0), at, chain, position)
  where action = 'tag.refused';
