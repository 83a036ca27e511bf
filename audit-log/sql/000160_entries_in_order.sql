-- Whoever reads the entries of a repository by their times reads them in the order in which they were made, also where the clock
-- of the database was ahead in between: an entry is newer than what its repository had before.
create or replace function audit.append(preferred integer, entry text, action text, repository text)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head audit.chain_head;
  any_chain constant integer := floor(random() * 16);
  at timestamptz;
  content text;
begin
  select greatest(clock_timestamp(), max(before.at) + interval '1 microsecond') into at
    from audit.entry as before where before.repository = append.repository;
  content := '{"at":"' || to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '",' || substr(entry, 2);
  select * into head from audit.chain_head
    order by (chain - preferred + 16) % 16 limit 1 for no key update skip locked;
  if not found then
    select * into strict head from audit.chain_head where chain = any_chain for no key update;
  end if;
  update audit.chain_head
    set position = head.position + 1, previous_hash = head.hash,
        hash = sha256(head.hash || convert_to(content, 'UTF8'))
    where chain = head.chain
    returning * into strict head;
  insert into audit.entry
    (chain, position, at, action, repository, content, previous_hash, hash)
    values (head.chain, head.position, at, action, repository, content, head.previous_hash, head.hash);
end $$;
