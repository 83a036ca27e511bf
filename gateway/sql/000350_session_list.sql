-- Whoever is logged in on the web page sees which sessions there are, and ends one by its id: the cookie's hash stays here.
-- What was begun by an OpenID provider's page also keeps what gets its next ID token, sealed as the login is.
alter table ledger.page_session
  add column id uuid not null default gen_random_uuid(),
  add column address text not null default '',
  add column user_agent text not null default '',
  add column issuer text,
  add column sealed_renewal bytea,
  add column renewing_until timestamptz;
create unique index page_session_id on ledger.page_session (id);
comment on column ledger.page_session.issuer is 'by which of PAGE_LOGINS_FILE somebody logged in; null: by a password or a token';
comment on column ledger.page_session.sealed_renewal is 'when the login ends, and what gets the next one; null: it is verified for as long as it is good';
comment on column ledger.page_session.renewing_until is 'until when one gateway alone asks for the next login';
