-- Certificates that gateways get by ACME (RFC 8555), which all of them share. Keys are sealed by the gateways' own (docs/tls.md): who
-- reads the database cannot use them.
create table ledger.acme_account (
  directory text primary key,
  sealed_key text not null,
  url text
);
comment on table ledger.acme_account is 'who we are at an authority; url is null until it has said so';

create table ledger.acme_certificate (
  directory text not null,
  names text not null,
  certificate text,
  sealed_key text,
  failures integer not null default 0,
  fault text,
  next_attempt_at timestamptz not null default clock_timestamp(),
  primary key (directory, names),
  check ((certificate is null) = (sealed_key is null))
);
comment on column ledger.acme_certificate.names is 'in their order, split by commas';
comment on column ledger.acme_certificate.certificate is 'PEM, the server''s own first; null: none was issued yet';
comment on column ledger.acme_certificate.failures is 'since the last success';

create table ledger.acme_challenge (
  kind text not null,
  name text not null,
  token text not null,
  key_authorization text not null,
  primary key (kind, name, token)
);
create index acme_challenge_token on ledger.acme_challenge (token);
comment on table ledger.acme_challenge is 'what an authority asks any of the gateways while one of them is being certified';
