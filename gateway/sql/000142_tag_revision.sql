-- What gateways remember of a tag is versioned: an older answer never counts after a newer one. It is counted here, so that
-- whoever writes does it, gateways of before and people at a console included.
alter table ledger.tag add column revision bigint not null default 1;
comment on column ledger.tag.revision is 'grows whenever what readers get changes, or whether that may change';

create function ledger.next_revision() returns trigger language plpgsql as $$
begin
  new.revision := old.revision + 1;
  return new;
end
$$;
create trigger tag_revision before update on ledger.tag for each row
  when ((old.digest, old.deleted_at, old.locked_at)
        is distinct from (new.digest, new.deleted_at, new.locked_at))
  execute function ledger.next_revision();
