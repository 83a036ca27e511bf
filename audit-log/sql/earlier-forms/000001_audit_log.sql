-- 000001_audit_log was edited on the first day, after databases had been made with it (docs/database.md, "Migrations"). What its
-- three earlier forms left becomes what it makes today; of a database that has it, nothing is changed.

-- The first form: no look-ups by action, no link back in the heads, entries that point to their head.
do $form$
begin
  if exists (select from information_schema.columns
      where table_schema = 'audit' and table_name = 'chain_head' and column_name = 'previous_hash') then
    return;
  end if;

  alter table audit.chain_head add column previous_hash bytea;
  update audit.chain_head as head set previous_hash = coalesce(
    (select entry.previous_hash from audit.entry where entry.chain = head.chain and entry.position = head.position), '');
  alter table audit.chain_head alter column previous_hash set not null, set (fillfactor = 40);
  comment on table audit.chain_head is 'the end of each chain; its row lock puts the entries of a chain in order';

  alter table audit.entry
    drop constraint entry_chain_fkey,
    add constraint entry_chain_check check (chain between 0 and 15),
    add column action text,
    add column repository text;
  -- Written anew by a change of type, since an entry cannot be updated.
  alter table audit.entry
    alter column action type text using content::json ->> 'action',
    alter column repository type text using content::json ->> 'repository';
  alter table audit.entry alter column action set not null;
  drop index audit.entry_at, audit.entry_repository;
  create index entry_at on audit.entry (at, chain, position);
  create index entry_repository on audit.entry (repository, at) where repository is not null;

  -- Nothing made checkpoints then.
  alter table audit.checkpoint
    alter column at drop default,
    add column entries bigint not null;
  comment on column audit.checkpoint.entries is 'entries of all chains together when it was made';
  comment on column audit.checkpoint.token is 'JWS over number, time, the heads of all chains and the hash of the token before';

  create or replace function audit.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit.%: the audit log is append-only', tg_table_name;
end $$;
  create trigger chain_head_kept before insert or delete or truncate on audit.chain_head
    for each statement execute function audit.refuse_change();
  create trigger chain_head_moves_on before update on audit.chain_head
    for each row when (
      new.chain <> old.chain or new.position <> old.position + 1 or new.previous_hash <> old.hash
    ) execute function audit.refuse_change();
  revoke all on audit.entry, audit.checkpoint, audit.chain_head from public;
  revoke insert, delete, truncate on audit.chain_head from current_user;
end $form$;

-- The second form: entries without a repository are looked up by time.
do $form$
begin
  if exists (select from pg_indexes where schemaname = 'audit' and indexname = 'entry_without_repository'
      and indexdef like '%(action, at)%') then
    return;
  end if;
  drop index if exists audit.entry_without_repository;
  create index entry_without_repository on audit.entry (action, at) where repository is null;
  comment on column audit.entry.content is 'the entry as JSON, byte for byte as it was hashed; at (by the clock of the database), action and repository repeat parts of it for look-ups';
end $form$;

-- The third form: gateways appended by a statement of theirs.
do $form$
begin
  if to_regprocedure('audit.append(integer, text, text, text)') is not null then
    return;
  end if;
  create function audit.append(preferred integer, entry text, action text, repository text)
returns void language plpgsql as $$
declare
  head audit.chain_head;
  any_chain constant integer := floor(random() * 16);
  at constant timestamptz := clock_timestamp();
  content constant text := '{"at":"' || to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '",' || substr(entry, 2);
begin
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
end $form$;
