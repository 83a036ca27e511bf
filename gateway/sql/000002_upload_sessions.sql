-- Who started an upload: so that it can outlive the token it was started with, for the same subject alone.
create table ledger.upload_session (
  session text primary key,
  repository text not null,
  realm text not null,
  subject text not null,
  started_at timestamptz not null default now()
);
create index upload_session_age on ledger.upload_session (started_at);
