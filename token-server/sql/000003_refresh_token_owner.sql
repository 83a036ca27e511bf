-- A uid is unique within its realm and the kind of login: alice of an issuer is not alice of the directory.
-- Tokens of before have no kind; they get it when they are used, and are nobody's until then. Replicas of before this
-- migration go on making such tokens.
alter table token_server.refresh_token
  add column kind text,
  add column last_used_address text,
  add column last_used_program text;
comment on column token_server.refresh_token.kind is 'how its owner logged in; null until it is used, for tokens of before';
drop index token_server.refresh_token_of_identity;
create index refresh_token_of_owner
  on token_server.refresh_token (realm, uid, created_at desc, id desc) where revoked_at is null;
create index refresh_token_revoked on token_server.refresh_token (revoked_at) where revoked_at is not null;
