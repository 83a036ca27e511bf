-- What files said that decide who may do what: a fact has the hash of one, here is what that was. Kept once, and for ever.
create table audit.followed_file (
  sha256 text primary key,
  content text not null,
  at timestamptz not null default clock_timestamp()
);
create trigger followed_file_append_only before update or delete or truncate on audit.followed_file
  for each statement execute function audit.refuse_change();
revoke all on audit.followed_file from public;
revoke update, delete, truncate on audit.followed_file from current_user;
