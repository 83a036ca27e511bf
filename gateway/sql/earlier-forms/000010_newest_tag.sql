-- 000010_newest_tag was edited an hour after it was made (docs/database.md, "Migrations"): its first form gave the new index the
-- name of the old one. (Of 000005_discovery_and_mode, which was edited too, the first form was refused by every Postgres.)
do $form$
begin
  if to_regclass('ledger.tag_latest') is null and to_regclass('ledger.tag_newest') is not null then
    alter index ledger.tag_newest rename to tag_latest;
  end if;
end $form$;
