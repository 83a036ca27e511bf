-- The directory (docs/opensvc.md): who is called what by number, applications, their services, and privileges.
create table token_server.directory_user (
  id bigint generated always as identity primary key,
  realm text not null,
  uid text not null unique,
  primary_team text
);
comment on column token_server.directory_user.id is 'stands for its bearer below users/; never given again';
comment on column token_server.directory_user.uid is 'one of a name alone is in the directory: users/<name> is one person';

create table token_server.directory_team (
  id bigint generated always as identity primary key,
  name text not null unique check (name !~ '^[0-9]+$')
);
comment on table token_server.directory_team is 'numbers of teams; who is in them, logins and the team service say';

create table token_server.directory_app (
  id bigint generated always as identity primary key,
  code text not null unique check (code !~ '^[0-9]+$'),
  responsibles text[] not null,
  publications text[] not null
);
comment on column token_server.directory_app.code is 'never digits alone: below apps/ those are an id';

create table token_server.directory_privilege (
  privilege text not null check (privilege in ('Manager', 'Pusher', 'Puller')),
  holder text not null,
  primary key (privilege, holder)
);
comment on column token_server.directory_privilege.holder is '/realm/uid of one identity, or the name of a team, which begins with no slash';

create table token_server.directory_service (
  name text primary key,
  app text not null,
  workload text unique,
  secret_hash text not null,
  previous_secret_hash text,
  previous_ends_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  rotated_at timestamptz not null default now(),
  last_used_at timestamptz
);
comment on column token_server.directory_service.app is 'code of its application; of one that is gone it pulls nothing';
comment on column token_server.directory_service.workload is '/realm/uid of the OIDC login that counts as this service, too';
comment on column token_server.directory_service.previous_secret_hash is
  'the secret before the last rotation, good until previous_ends_at; null: it ended with the rotation';

create table token_server.directory_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null
);
comment on table token_server.directory_version is
  'is counted up by whatever changes the directory: token servers read it again when this is another';
insert into token_server.directory_version (version) values (0);
