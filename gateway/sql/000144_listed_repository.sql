-- Lists of tags and of repositories are read here once the registry's own were compared with what is known: a page costs one
-- index range, in the order of bytes whatever the database's own order is.
create table ledger.repository (
  name text collate "C" primary key,
  compared_at timestamptz,
  lists_latest boolean not null default false
);
comment on table ledger.repository is 'repositories in which something was pushed or found';
comment on column ledger.repository.compared_at is 'when every tag that the registry lists was known here for the first time; null: the registry is asked for lists';
comment on column ledger.repository.lists_latest is 'whether the registry lists a tag latest; where the ledger has no such tag, what it means is found out anew';

-- Here, so that what gateways of before push is known too. They may not write to a table of after them.
create function ledger.know_repository() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ledger.repository (name) values (new.repository) on conflict do nothing;
  return null;
end
$$;
revoke execute on function ledger.know_repository() from public;
create trigger manifest_repository after insert on ledger.manifest for each row
  execute function ledger.know_repository();
create trigger tag_repository after insert on ledger.tag for each row when (new.digest is not null)
  execute function ledger.know_repository();

-- After the triggers: they wait for whoever writes just now.
insert into ledger.repository (name)
  select repository from ledger.manifest union
  select repository from ledger.tag where digest is not null;

alter table ledger.discovery add column catalog_at timestamptz;
comment on column ledger.discovery.catalog_at is 'when every repository of the registry''s catalog was known here for the first time';

create index tag_listed on ledger.tag (repository collate "C", name collate "C")
  where digest is not null and deleted_at is null;
