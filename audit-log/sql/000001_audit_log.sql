-- Everything that changed state, chained by hash: a row that is changed, removed or slipped in breaks its chain.
-- There are sixteen chains, so that pushes to different repositories do not wait for each other.
create table audit.chain_head (
  chain smallint primary key check (chain between 0 and 15),
  position bigint not null,
  previous_hash bytea not null,
  hash bytea not null
) with (fillfactor = 40);
comment on table audit.chain_head is 'the end of each chain; its row lock puts the entries of a chain in order';
insert into audit.chain_head (chain, position, previous_hash, hash)
  select chain, 0, '', sha256(convert_to('wharfinger audit chain ' || chain, 'UTF8'))
  from generate_series(0, 15) as chain;

create table audit.entry (
  chain smallint not null check (chain between 0 and 15),
  position bigint not null check (position > 0),
  at timestamptz not null,
  action text not null,
  repository text,
  content text not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (chain, position)
);
comment on column audit.entry.content is 'the entry as JSON, byte for byte as it was hashed; at (by the clock of the database), action and repository repeat parts of it for look-ups';
comment on column audit.entry.hash is 'sha256(previous_hash || content as UTF-8)';
create index entry_at on audit.entry (at, chain, position);
create index entry_repository on audit.entry (repository, at) where repository is not null;
create index entry_without_repository on audit.entry (action, at) where repository is null;

create table audit.checkpoint (
  number bigint primary key check (number > 0),
  at timestamptz not null,
  entries bigint not null,
  token text not null
);
comment on column audit.checkpoint.entries is 'entries of all chains together when it was made';
comment on column audit.checkpoint.token is 'JWS over number, time, the heads of all chains and the hash of the token before';

-- Appends an entry to its preferred chain, or to another one while that is being appended to, so that commits
-- do not wait for each other; only when all are, it waits for any of them. Dated by the database, the one clock
-- that all replicas share. A function, because its statements are planned once for a connection.
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

-- Append-only. Rights bind the owner of the tables, the triggers superusers too; whoever may switch triggers
-- off is found out by the chains and the signed checkpoints (docs/audit-log.md).
create function audit.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit.%: the audit log is append-only', tg_table_name;
end $$;
create trigger entry_append_only before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse_change();
create trigger checkpoint_append_only before update or delete or truncate on audit.checkpoint
  for each statement execute function audit.refuse_change();
create trigger chain_head_kept before insert or delete or truncate on audit.chain_head
  for each statement execute function audit.refuse_change();
create trigger chain_head_moves_on before update on audit.chain_head
  for each row when (
    new.chain <> old.chain or new.position <> old.position + 1 or new.previous_hash <> old.hash
  ) execute function audit.refuse_change();
revoke all on audit.entry, audit.checkpoint, audit.chain_head from public;
revoke update, delete, truncate on audit.entry, audit.checkpoint from current_user;
revoke insert, delete, truncate on audit.chain_head from current_user;
