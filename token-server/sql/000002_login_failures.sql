-- Which different credentials failed of late, for each address and account. Neither a credential nor what somebody typed
-- as a user name can be read from here: both are under a keyed hash whose key is not in the database.
create table token_server.login_failure (
  key text primary key,
  -- As many as are borne; then nothing is added, whatever is tried.
  credentials bigint[] not null,
  bound integer not null,
  expires_at timestamptz not null
);
create index login_failure_expiry on token_server.login_failure (expires_at);
comment on column token_server.login_failure.key is 'source:<address>, or account:<keyed hash of the name>';

-- Credentials that were right of late: failures of others never lock them out.
create table token_server.login_success (
  credential bigint primary key,
  expires_at timestamptz not null
);
create index login_success_expiry on token_server.login_success (expires_at);

-- What was typed as a user name stood here in the clear. Replicas of before this migration may still write to it;
-- housekeeping empties it until they are gone, and a later migration drops it.
delete from token_server.failed_login;
comment on table token_server.failed_login is 'not used any more; see login_failure';
