/**
 * Claims as the platforms put them into their tokens (their documentation of November 2026), and the
 * sections of docs/logins/oidc.md that go with them.
 */

/** docs.github.com, "OpenID Connect reference". */
export const GITHUB_CLAIMS = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "wharfinger",
  sub: "repo:acme/app:environment:production",
  jti: "3c8f5b0e-6f0d-4a0c-9d35-0a9ad3b1d1f7",
  actor: "octocat",
  actor_id: "12",
  base_ref: "",
  environment: "production",
  event_name: "push",
  head_ref: "",
  job_workflow_ref: "acme/app/.github/workflows/release.yml@refs/heads/main",
  ref: "refs/heads/main",
  ref_protected: "true",
  ref_type: "branch",
  repository: "acme/app",
  repository_id: "74",
  repository_owner: "acme",
  repository_owner_id: "65",
  repository_visibility: "private",
  run_attempt: "2",
  run_id: "1234567890",
  run_number: "10",
  runner_environment: "github-hosted",
  sha: "0123456789abcdef0123456789abcdef01234567",
  workflow: "release",
};

export const GITHUB_ISSUER = {
  issuer: "https://token.actions.githubusercontent.com",
  audience: "wharfinger",
  require: { repository_owner_id: "65", ref: ["refs/heads/*", "refs/tags/*"] },
  uid: "github:${repository}",
  teams: [{ claim: "repository_owner", map: { acme: "alpha" } }],
  scopes: ["application.write"],
};

/** docs.gitlab.com, "OpenID Connect (OIDC) authentication using ID tokens". */
export const GITLAB_CLAIMS = {
  iss: "https://gitlab.example.com",
  aud: "wharfinger",
  sub: "project_path:alpha/app:ref_type:branch:ref:main",
  namespace_id: "72",
  namespace_path: "alpha",
  project_id: "20",
  project_path: "alpha/app",
  user_id: "1",
  user_login: "sample-user",
  user_email: "sample-user@example.com",
  user_identities: [{ provider: "github", extern_uid: "2435223452345" }],
  pipeline_id: "574",
  pipeline_source: "push",
  job_id: "302",
  ref: "main",
  ref_type: "branch",
  ref_path: "refs/heads/main",
  ref_protected: "true",
  runner_id: 1,
  runner_environment: "self-hosted",
  sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
  project_visibility: "private",
};

export const GITLAB_ISSUER = {
  issuer: "https://gitlab.example.com",
  audience: "wharfinger",
  require: { ref_protected: "true" },
  uid: "gitlab:${project_path}",
  teams: [{ claim: "namespace_path" }],
  scopes: ["application.write"],
};

/** kubernetes.io, "Managing Service Accounts": a token of a projected volume. */
export const KUBERNETES_CLAIMS = {
  iss: "https://kubernetes.default.svc.cluster.local",
  aud: ["wharfinger"],
  sub: "system:serviceaccount:alpha:deployer",
  jti: "ea28ed49-2e11-4280-9ec5-bc3d1d84661a",
  "kubernetes.io": {
    namespace: "alpha",
    node: { name: "node-1", uid: "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1" },
    pod: { name: "deployer-69cbfb9798-jv9gn", uid: "5e0bd49b-f040-43b0-99b7-22765a53f7f3" },
    serviceaccount: { name: "deployer", uid: "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
  },
};

export const KUBERNETES_ISSUER = {
  issuer: "https://kubernetes.default.svc.cluster.local",
  audience: "wharfinger",
  require: { "kubernetes.io/namespace": ["alpha", "beta"] },
  uid: "k8s:${kubernetes.io/namespace}:${kubernetes.io/serviceaccount/name}",
  teams: [{ claim: "kubernetes.io/namespace" }],
  scopes: ["application.write"],
};
