-- Views that fit into no token (docs/decisions/0021-views.md): tokens name them by their digest, and gateways ask for them.
create table token_server.long_view (
  digest text primary key,
  content text not null,
  expires_at timestamptz not null
);
create index long_view_expiry on token_server.long_view (expires_at);
comment on table token_server.long_view is 'what some tokens let their bearers pull, as those would say it were it shorter';
comment on column token_server.long_view.digest is 'of the content, in hexadecimal, by SHA-256';
comment on column token_server.long_view.content is 'base64url of the deflated JSON';
