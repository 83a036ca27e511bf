-- Everything that changed state, chained by hash: a row that is changed, removed or slipped in breaks its chain.
-- There are sixteen chains, so that pushes to different repositories do not wait for each other.
create table audit.chain_head (
  chain smallint primary key check (chain between 0 and 15),
  position bigint not null,
  hash bytea not null
);
insert into audit.chain_head (chain, position, hash)
  select chain, 0, sha256(convert_to('wharfinger audit chain ' || chain, 'UTF8'))
  from generate_series(0, 15) as chain;

create table audit.entry (
  chain smallint not null references audit.chain_head (chain),
  position bigint not null check (position > 0),
  at timestamptz not null,
  content text not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (chain, position)
);
comment on column audit.entry.content is 'the entry as JSON, byte for byte as it was hashed';
comment on column audit.entry.hash is 'sha256(previous_hash || content as UTF-8)';
create index entry_at on audit.entry (at);
create index entry_repository on audit.entry ((content::jsonb ->> 'repository'), at);

create table audit.checkpoint (
  number bigint primary key check (number > 0),
  at timestamptz not null default now(),
  token text not null
);
comment on column audit.checkpoint.token is 'JWS over the heads of all chains and the hash of the checkpoint before';

-- Append-only, also for the owner: rights are taken away and a trigger says why.
create function audit.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create trigger entry_append_only before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse_change();
create trigger checkpoint_append_only before update or delete or truncate on audit.checkpoint
  for each statement execute function audit.refuse_change();
revoke update, delete, truncate on audit.entry, audit.checkpoint from current_user, public;
