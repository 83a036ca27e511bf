-- Whoever may append an entry can do nothing else to the log: the function works with the rights of its owner, and its
-- callers have none on the tables. Its search path is fixed, so that nobody puts a function of theirs before ours.
alter function audit.append(integer, text, text, text) security definer;
alter function audit.append(integer, text, text, text) set search_path = pg_catalog, pg_temp;
revoke execute on function audit.append(integer, text, text, text) from public;
