comment on column token_server.robot.login is
  'user name of the login: lower case letters, digits and dashes, and an underscore before a hash where another team''s robot has the plain name; no shell needs quoting';
