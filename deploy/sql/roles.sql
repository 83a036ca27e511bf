-- The database roles of Wharfinger: an owner that migrates, and a role for each service with the rights it needs.
-- Run it, as a superuser or as whoever owns the database and may create roles, connected to the database:
--
--   psql -v ON_ERROR_STOP=1 -d wharfinger -f deploy/sql/roles.sql
--   \password wharfinger_owner, wharfinger_gateway, wharfinger_token_server, wharfinger_auditor
--
-- Each service has a second role, wharfinger_gateway_2 and wharfinger_token_server_2, with the rights of its first: so
-- that its password is changed while it is not used (docs/rotation.md). Without a password nobody logs in as it.
--
-- Run again, it changes nothing that needs no change. What each role may do with which table is granted by the migrations,
-- which the owner runs afterwards (npm run migrate, docs/database.md).

do $$
declare
  role_name text;
begin
  foreach role_name in array array
    ['wharfinger_owner', 'wharfinger_gateway', 'wharfinger_token_server', 'wharfinger_auditor',
     'wharfinger_gateway_2', 'wharfinger_token_server_2']
  loop
    if not exists (select from pg_roles where rolname = role_name) then
      execute format('create role %I login', role_name);
    end if;
    if exists (select from pg_roles where rolname = role_name and
        (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls or not rolcanlogin
         or not rolinherit)) then
      execute format('alter role %I login inherit nosuperuser nocreaterole nocreatedb noreplication nobypassrls', role_name);
    end if;
  end loop;
end $$;

-- Being somebody else too, as pg_execute_server_program or pg_read_server_files, is a right as well. A second role is its
-- first one, and nobody else.
do $$
declare
  membership record;
begin
  for membership in
    select granted.rolname as role_name, member.rolname as member_name
    from pg_auth_members
      join pg_roles granted on granted.oid = pg_auth_members.roleid
      join pg_roles member on member.oid = pg_auth_members.member
    where member.rolname in
      ('wharfinger_owner', 'wharfinger_gateway', 'wharfinger_token_server', 'wharfinger_auditor',
       'wharfinger_gateway_2', 'wharfinger_token_server_2')
      and member.rolname <> granted.rolname || '_2'
  loop
    execute format('revoke %I from %I', membership.role_name, membership.member_name);
  end loop;
end $$;

do $$
declare
  first_role text;
begin
  foreach first_role in array array['wharfinger_gateway', 'wharfinger_token_server']
  loop
    if not exists (
      select from pg_auth_members
      where roleid = first_role::regrole and member = (first_role || '_2')::regrole
    ) then
      execute format('grant %I to %I', first_role, first_role || '_2');
    end if;
  end loop;
end $$;

-- Who is no superuser gives things away only to a role that it is a member of.
do $$
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant wharfinger_owner to %I', current_user);
  end if;
end $$;

-- The database: the owner makes schemas; the gateway has temporary tables, for discovery, and the auditor, for archives.
do $$
declare
  database_name constant text := current_database();
begin
  execute format('revoke all on database %I from public', database_name);
  execute format('grant connect, create on database %I to wharfinger_owner', database_name);
  execute format('grant connect, temporary on database %I to wharfinger_gateway, wharfinger_auditor', database_name);
  execute format('grant connect on database %I to wharfinger_token_server', database_name);
end $$;
revoke create on schema public from public;

-- What was made before there was an owner.
do $$
declare
  thing record;
begin
  for thing in
    select nspname from pg_namespace
    where nspname in ('ledger', 'token_server', 'audit') and pg_get_userbyid(nspowner) <> 'wharfinger_owner'
  loop
    execute format('alter schema %I owner to wharfinger_owner', thing.nspname);
  end loop;
  for thing in
    -- Indexes, and sequences of columns, go with their tables.
    select relkind, format('%I.%I', nspname, relname) as name
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where nspname in ('ledger', 'token_server', 'audit') and relkind in ('r', 'p', 'v', 'm')
      and pg_get_userbyid(relowner) <> 'wharfinger_owner'
  loop
    execute format('alter %s %s owner to wharfinger_owner',
      case thing.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, thing.name);
  end loop;
  for thing in
    select pg_proc.oid::regprocedure as signature
    from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
    where nspname in ('ledger', 'token_server', 'audit') and pg_get_userbyid(proowner) <> 'wharfinger_owner'
  loop
    execute format('alter function %s owner to wharfinger_owner', thing.signature);
  end loop;
end $$;
