-- Tags of a repository in the orders that are asked for, and wherever a digest stands. Names of repositories can be long, and each
-- push would write them into each of these: their hashes, which stay what they are over versions of Postgres, take eight bytes.
-- That of the tag's name gives those an order that are alike.
-- A version as a text whose order is the versions': numbers by their value, 1.0.0-rc.2 before 1.0.0-rc.10 before 1.0.0. What is no
-- version stands before all.
create function ledger.version_order(name text) returns text language sql immutable parallel safe
return case when name ~ '^v?[0-9]+([.][0-9]+)*([-_.].*)?$'
  then '1' || left(regexp_replace(regexp_replace(ltrim(name, 'v'), '([0-9]+)', '0000000000000000000\1', 'g'),
                                  '[0-9]*([0-9]{20})', '\1', 'g'), 400) || '.'
  else '0' || name end;

create index tag_by_version on ledger.tag
  (hashtextextended(repository, 0), (ledger.version_order(name) collate "C"), hashtextextended(name, 0))
  where digest is not null and deleted_at is null;
create index tag_by_push on ledger.tag (hashtextextended(repository, 0), pushed_at, hashtextextended(name, 0))
  where digest is not null and deleted_at is null;
create index tag_with_digest on ledger.tag using hash (digest)
  where digest is not null and deleted_at is null;
create index pull_total_newest on ledger.pull_total (hashtextextended(repository, 0), last_at, hashtextextended(tag, 0))
  where tag <> '';

-- The newest first, so many at most, behind a place: a time or version, and a name. By the index always: how many tags have a hash is
-- guessed at, and of a repository with many all would be sorted for each page.
-- Planned once for a connection.
create function ledger.tags_by_push(text, timestamptz, text, integer) returns setof ledger.tag
language plpgsql stable rows 100 set search_path = '' set enable_sort = off as $$
begin
  return query select tag.* from ledger.tag as tag
  where hashtextextended(tag.repository, 0) = hashtextextended($1, 0) and tag.repository || '' = $1
    and tag.digest is not null and tag.deleted_at is null
    and (tag.pushed_at, hashtextextended(tag.name, 0)) < ($2, hashtextextended($3, 0))
  order by tag.pushed_at desc, hashtextextended(tag.name, 0) desc limit $4;
end
$$;
create function ledger.tags_by_version(text, text, text, integer) returns setof ledger.tag
language plpgsql stable rows 100 set search_path = '' set enable_sort = off as $$
begin
  return query select tag.* from ledger.tag as tag
  where hashtextextended(tag.repository, 0) = hashtextextended($1, 0) and tag.repository || '' = $1
    and tag.digest is not null and tag.deleted_at is null
    and (ledger.version_order(tag.name) collate "C", hashtextextended(tag.name, 0)) < ($2, hashtextextended($3, 0))
  order by ledger.version_order(tag.name) collate "C" desc, hashtextextended(tag.name, 0) desc limit $4;
end
$$;
create function ledger.tags_by_pull(text, timestamptz, text, integer) returns setof ledger.tag
language plpgsql stable rows 100 set search_path = '' set enable_sort = off as $$
begin
  return query select tag.* from ledger.pull_total as total
    cross join lateral (
      select * from ledger.tag
      where repository = total.repository and name = total.tag and digest is not null and deleted_at is null limit 1
    ) as tag
  where hashtextextended(total.repository, 0) = hashtextextended($1, 0) and total.repository || '' = $1 and total.tag <> ''
    and (total.last_at, hashtextextended(total.tag, 0)) < ($2, hashtextextended($3, 0))
  order by total.last_at desc, hashtextextended(total.tag, 0) desc limit $4;
end
$$;
