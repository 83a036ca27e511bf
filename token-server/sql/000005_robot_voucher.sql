alter table token_server.robot add column vouched_by jsonb;
comment on column token_server.robot.vouched_by is
  'whoever made, rotated or enabled the robot last, as the policy saw them: kind, realm, uid, scopes, claims, teams; null: before this was noted';
