-- Registries that this token server issues tokens for. The one of its own configuration registers itself.
create table token_server.registry (
  service text primary key,
  url text,
  insecure boolean not null default false,
  restricted boolean not null default false,
  publications text[] not null,
  responsibles text[] not null,
  description text not null default '',
  is_own boolean not null default false,
  created_by text not null,
  created_at timestamptz not null default now(),
  changed_by text,
  changed_at timestamptz
);
comment on column token_server.registry.service is 'the audience of its tokens, which its gateways have as TOKEN_SERVICE';
comment on column token_server.registry.url is 'where its gateway is asked by the token server; null: nobody said';
comment on column token_server.registry.publications is 'teams that see it; * for everybody';
comment on column token_server.registry.is_own is
  'it registered itself from the configuration of a token server: administrators are responsible for it, too';

alter table token_server.robot add column service text;
comment on column token_server.robot.service is
  'the registry that it logs in at; null: the one of the token server''s own configuration, as all of before are';
