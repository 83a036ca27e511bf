-- What lists and searches sort by, kept for each repository, so that none of them counts. A push only notes what it changed, in a
-- table that nobody else's push waits for; the notes are added up a moment later by one at a time (ledger.fold_changes).
create table ledger.catalog_change (
  id bigint generated always as identity primary key,
  repository text not null,
  digest text,
  tags integer not null default 0,
  bytes bigint not null default 0,
  pulls bigint not null default 0,
  pushed_at timestamptz,
  pulled_at timestamptz
);
comment on table ledger.catalog_change is 'what was changed and is not in repository_total yet';
comment on column ledger.catalog_change.digest is 'of a manifest that is new here';

create table ledger.repository_total (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique,
  team text collate "C" not null generated always as (case when strpos(name, '/') > 0 then split_part(name, '/', 1) else '' end) stored,
  tags bigint not null default 0,
  bytes bigint not null default 0,
  pulls bigint not null default 0,
  pushed_at timestamptz not null default '-infinity',
  pulled_at timestamptz not null default '-infinity'
) with (fillfactor = 70);
comment on column ledger.repository_total.id is 'given in the order in which repositories can be seen here: whoever knows all up to one looks behind it alone';
comment on column ledger.repository_total.team is 'first component of the name; empty where there is no other';
comment on column ledger.repository_total.bytes is 'configurations and layers of the manifests that stand, each manifest''s by itself';
comment on column ledger.repository_total.pushed_at is 'when a tag came to mean what was pushed last; -infinity: never';
create index repository_total_by_path on ledger.repository_total (replace(name, '/', chr(1)));
create index repository_total_by_pulls on ledger.repository_total (pulls, id);
create index repository_total_by_bytes on ledger.repository_total (bytes, id);
create index repository_total_by_push on ledger.repository_total (pushed_at, id);
create index repository_total_by_pull on ledger.repository_total (pulled_at, id);
create index repository_total_by_team on ledger.repository_total (team, id) include (tags, bytes);

-- Names by their parts, for searches: an index of our own, since an extension may not be allowed where Postgres is managed. A name
-- stays, so it is in a table of its own: what is counted up all the time would be written into the index each time.
create table ledger.repository_name (
  id bigint primary key,
  name text collate "C" not null
);

-- One to three characters each; with ^ those that a component begins with, with = a whole component, with $ the last one.
create function ledger.grams_of(name text) returns text[] language sql immutable strict set search_path = '' as $$
  select array_agg(distinct gram collate "C") from (
    select substr(name, place, size) as gram
    from generate_series(1, 3) as size, generate_series(1, length(name) - size + 1) as place
    union all
    select '^' || left(part, size) from unnest(string_to_array(name, '/')) as part, generate_series(1, least(3, length(part))) as size
    union all
    select '=' || part from unnest(string_to_array(name, '/')) as part
    union all
    select '$' || reverse(split_part(reverse(name), '/', 1))
  ) as grams
$$;

-- Without a list of pending entries: nobody waits for whoever adds a name.
create index repository_name_with on ledger.repository_name using gin (ledger.grams_of(name)) with (fastupdate = off);

-- Of those whose bits are set. Always by the index: read from its beginning the table would be cheaper to guess at, and slower.
create function ledger.with_grams(wanted text[], term text, bits bytea, most integer) returns setof bigint
language sql stable security definer set search_path = '' set enable_seqscan = off as $$
  select id from ledger.repository_name
  where ledger.grams_of(name) @> wanted and strpos(name, term) > 0
    and case when id < 8 * length(bits) then get_bit(bits, id::integer) = 1 else false end
  limit most
$$;

create function ledger.note_tag() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  stood constant boolean := tg_op <> 'INSERT' and old.digest is not null and old.deleted_at is null;
  stands constant boolean := tg_op <> 'DELETE' and new.digest is not null and new.deleted_at is null;
begin
  if tg_op = 'DELETE' then
    if stood then
      insert into ledger.catalog_change (repository, tags) values (old.repository, -1);
    end if;
    return null;
  end if;
  insert into ledger.catalog_change (repository, tags, pushed_at)
    values (new.repository, stands::integer - stood::integer, case when stands and new.origin = 'pushed' then new.pushed_at end);
  return null;
end
$$;
create function ledger.note_manifest_removal() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ledger.catalog_change (repository, bytes)
    select facts.repository, case when new.deleted_at is null then facts.size else -facts.size end
    from ledger.manifest_facts as facts
    where facts.repository = new.repository and facts.digest = new.digest and facts.size > 0;
  return null;
end
$$;
create or replace function ledger.note_facts() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  facts record;
begin
  select * into facts from ledger.facts_of(new.digest, ledger.json_of(new.content));
  insert into ledger.manifest_facts (repository, digest, image, size, artifact_type, platforms)
    values (new.repository, new.digest, facts.image, facts.size, facts.artifact_type, facts.platforms)
    on conflict do nothing;
  insert into ledger.catalog_change (repository, digest, bytes)
    values (new.repository, new.digest, case when new.deleted_at is null then coalesce(facts.size, 0) else 0 end);
  return null;
end
$$;
create function ledger.note_pulls() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into ledger.catalog_change (repository, pulls, pulled_at)
      select repository, sum(count), max(last_at) from pulled group by repository;
  else
    insert into ledger.catalog_change (repository, pulls, pulled_at)
      select pulled.repository, sum(pulled.count - before.count), max(pulled.last_at)
      from pulled join before on before.repository = pulled.repository and before.tag = pulled.tag
      group by pulled.repository;
  end if;
  return null;
end
$$;

-- By one at a time: whoever calls it holds the lock "catalog" until its transaction ends. So the numbers of repositories can be
-- seen in their order, and what was noted counts once.
create function ledger.fold_changes(most integer) returns integer language plpgsql security definer set search_path = '' as $$
declare
  taken ledger.catalog_change[];
begin
  with gone as (
    delete from ledger.catalog_change
    where id = any (array(select id from ledger.catalog_change order by id limit most)) returning *
  )
  select array_agg(gone::ledger.catalog_change) into taken from gone;
  if taken is null then
    return 0;
  end if;
  with new_here as (
    insert into ledger.repository_total (name)
      select distinct change.repository from unnest(taken) as change
      where not exists (select from ledger.repository_total as known where known.name = change.repository)
      returning id, name
  )
  insert into ledger.repository_name (id, name) select id, name from new_here;
  update ledger.repository_total as total
    set tags = total.tags + change.tags, bytes = least(total.bytes + change.bytes, 9e18)::bigint, pulls = total.pulls + change.pulls,
        pushed_at = greatest(total.pushed_at, change.pushed_at), pulled_at = greatest(total.pulled_at, change.pulled_at)
    from (
      select repository, sum(tags) as tags, sum(bytes) as bytes, sum(pulls) as pulls,
             max(pushed_at) as pushed_at, max(pulled_at) as pulled_at
      from unnest(taken) as noted group by repository
    ) as change
    where total.name = change.repository;
  return cardinality(taken);
end
$$;

-- The same counted anew, of a database from before, and to compare with.
create function ledger.count_repositories()
returns table (name text, tags bigint, bytes bigint, pulls bigint, pushed_at timestamptz, pulled_at timestamptz)
language sql stable set search_path = '' as $$
  select repository, sum(tags)::bigint, least(coalesce(sum(bytes), 0), 9e18)::bigint, sum(pulls)::bigint,
         greatest(max(pushed_at), '-infinity'), greatest(max(pulled_at), '-infinity')
  from (
    select repository, count(*) filter (where deleted_at is null) as tags, 0 as bytes, 0 as pulls,
           max(pushed_at) filter (where origin = 'pushed') as pushed_at, null::timestamptz as pulled_at
    from ledger.tag where digest is not null group by repository
    union all
    select manifest.repository, 0, sum(coalesce(facts.size, 0)) filter (where manifest.deleted_at is null), 0, null, null
    from ledger.manifest
      left join ledger.manifest_facts as facts on facts.repository = manifest.repository and facts.digest = manifest.digest
    group by manifest.repository
    union all
    select repository, 0, 0, sum(count), null, max(last_at) from ledger.pull_total group by repository
  ) as parts
  group by repository
$$;
revoke execute on function ledger.note_tag(), ledger.note_manifest_removal(), ledger.note_pulls(),
  ledger.fold_changes(integer), ledger.count_repositories(), ledger.with_grams(text[], text, bytea, integer) from public;

create trigger tag_change after update on ledger.tag for each row
  when ((old.digest, old.deleted_at) is distinct from (new.digest, new.deleted_at))
  execute function ledger.note_tag();
create trigger tag_added after insert on ledger.tag for each row when (new.digest is not null)
  execute function ledger.note_tag();
create trigger tag_gone after delete on ledger.tag for each row when (old.digest is not null)
  execute function ledger.note_tag();
create trigger manifest_removal after update on ledger.manifest for each row
  when ((old.deleted_at is null) is distinct from (new.deleted_at is null))
  execute function ledger.note_manifest_removal();
create trigger pulls_added after insert on ledger.pull_total
  referencing new table as pulled for each statement execute function ledger.note_pulls();
create trigger pulls_grown after update on ledger.pull_total
  referencing old table as before new table as pulled for each statement execute function ledger.note_pulls();
