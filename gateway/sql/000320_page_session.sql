-- Logins of browsers (docs/web-page.md). The login itself is sealed by a key that its cookie alone gives: who reads the database
-- cannot use it.
create table ledger.page_session (
  hash bytea primary key,
  sealed_login bytea not null,
  kind text not null,
  realm text not null,
  uid text not null,
  begun_at timestamptz not null default clock_timestamp(),
  used_at timestamptz not null default clock_timestamp()
);
create index page_session_owner on ledger.page_session (uid, realm, kind, begun_at);
create index page_session_used on ledger.page_session (used_at);
comment on column ledger.page_session.hash is 'SHA-256 of the cookie';
comment on column ledger.page_session.used_at is 'when somebody was last there; what a page asks by itself does not count';
