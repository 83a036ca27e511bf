-- A refresh token is taken from any client: which ones used it is for its owner to see. Why one was ended is for whoever
-- shows it afterwards.
alter table token_server.refresh_token
  add column used_by text[] not null default '{}',
  add column end_reason text;
comment on column token_server.refresh_token.client_id is 'client that logged in, as it calls itself';
comment on column token_server.refresh_token.used_by is 'clients that used it, the last one first; the last ten';
comment on column token_server.refresh_token.end_reason is 'why it was ended; null: it was not, or by a replica of before';

-- An owner's tokens, those that are over as well: of them so many are kept, too.
create index refresh_token_of_anybody on token_server.refresh_token (realm, uid, created_at desc, id desc);
drop index token_server.refresh_token_of_owner;
