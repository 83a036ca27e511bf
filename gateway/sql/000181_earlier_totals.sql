-- Of what was there before the triggers. One statement sees what stands and takes the notes of exactly that, and pushes go on meanwhile.
select pg_advisory_xact_lock(7246397);
with counted_below as (
  delete from ledger.catalog_change
)
insert into ledger.repository_total (name, tags, bytes, pulls, pushed_at, pulled_at)
  select name, tags, bytes, pulls, pushed_at, pulled_at from ledger.count_repositories()
  on conflict do nothing;
insert into ledger.repository_name (id, name)
  select id, name from ledger.repository_total on conflict do nothing;
