-- Months whose entries have left for an archive: up to which checkpoint each chain was cut, and which file has what was before it. Entries
-- behind a cut may be removed, and no others; whoever owns the tables gives themselves the right to, for as long as it takes
-- (docs/audit-log.md).
create table audit.cut (
  number bigint primary key,
  until timestamptz not null,
  month text not null,
  sha256 text not null,
  entries bigint not null,
  at timestamptz not null default clock_timestamp()
);
comment on column audit.cut.number is 'the checkpoint that the archive ends with, which is signed; chains begin behind it';
comment on column audit.cut.until is 'when that was made';
comment on column audit.cut.sha256 is 'of the archive''s file, in hexadecimal';
comment on column audit.cut.entries is 'of all chains together up to there';
create table audit.cut_place (
  number bigint not null references audit.cut (number),
  chain smallint not null check (chain between 0 and 15),
  position bigint not null check (position >= 0),
  primary key (chain, number)
);
comment on column audit.cut_place.position is 'of the last entry of the chain that left';

create trigger cut_append_only before update or delete or truncate on audit.cut
  for each statement execute function audit.refuse_change();
create trigger cut_place_append_only before update or delete or truncate on audit.cut_place
  for each statement execute function audit.refuse_change();

create function audit.refuse_uncut() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from audit.cut_place as place where place.chain = old.chain and place.position >= old.position) then
    raise exception 'audit.%: the audit log is append-only', tg_table_name;
  end if;
  return old;
end $$;
drop trigger entry_append_only on audit.entry;
create trigger entry_append_only before update or truncate on audit.entry
  for each statement execute function audit.refuse_change();
create trigger entry_kept before delete on audit.entry
  for each row execute function audit.refuse_uncut();
revoke all on audit.cut, audit.cut_place from public;
revoke update, delete, truncate on audit.cut, audit.cut_place from current_user;
