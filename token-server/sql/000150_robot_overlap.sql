alter table token_server.robot
  add column previous_secret_hash text,
  add column previous_ends_at timestamptz;
comment on column token_server.robot.previous_secret_hash is
  'the secret before the last rotation, good until previous_ends_at; null: it ended with the rotation';
comment on column token_server.robot.previous_ends_at is
  'set together with previous_secret_hash';
