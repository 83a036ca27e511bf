-- Refresh tokens. Neither the token nor the login behind it can be read from here: the token is hashed, and
-- the login is sealed with a key that only the token's holder can derive.
create table token_server.refresh_token (
  id uuid primary key,
  token_hash bytea not null unique,
  sealed_login bytea not null,
  realm text not null,
  uid text not null,
  client_id text not null,
  service text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index refresh_token_of_identity on token_server.refresh_token (realm, uid);
create index refresh_token_expiry on token_server.refresh_token (expires_at);

-- Service accounts of a team.
create table token_server.robot (
  login text primary key,
  team text not null,
  name text not null,
  description text not null default '',
  grants jsonb not null,
  secret_hash text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  rotated_at timestamptz not null default now(),
  expires_at timestamptz not null,
  disabled_at timestamptz,
  disabled_by text,
  last_used_at timestamptz,
  unique (team, name)
);
comment on column token_server.robot.login is 'user name of the login: lower case letters, digits and dashes, so that no shell needs quoting';

-- Failed logins, counted for all replicas. Columns are the limiter library's.
create table token_server.failed_login (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);
create index failed_login_expiry on token_server.failed_login (expire);
