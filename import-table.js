/**
 * What may import what. A folder and its `sql` are one; whatever is not named here is refused, and so is a folder that
 * has no line. No circle is possible: a test looks for one in these tables, and eslint refuses what they do not allow.
 */

/** Which packages a package may import. */
export const PACKAGES = {
  "registry-protocol": [],
  "access-policy": ["registry-protocol"],
  "tag-policy": ["registry-protocol", "access-policy"],
  "rest-api": ["registry-protocol", "access-policy"],
  "service-kit": ["registry-protocol"],
  "audit-log": ["registry-protocol", "access-policy", "tag-policy", "service-kit"],
  "registry-config": ["service-kit"],
  "token-server": ["registry-protocol", "access-policy", "rest-api", "service-kit", "audit-log"],
  gateway: [
    "registry-protocol",
    "access-policy",
    "tag-policy",
    "rest-api",
    "service-kit",
    "audit-log",
  ],
  deploy: ["service-kit", "audit-log", "registry-config", "token-server", "gateway"],
  cli: [],
};

/** Where the folders of a package are, if that is not its `src`. */
const HOMES = { deploy: "deploy" };

/**
 * @param {string} name - a package
 * @returns {string} the folder that its folders are in
 */
export function homeOf(name) {
  return HOMES[name] ?? `${name}/src`;
}

/** Inside a package: which of its folders a folder may import; "." is the package's own. Lowest first. */
// prettier-ignore
export const FOLDERS = {
  "registry-protocol": {
    ".": [],
    json: [],
    manifest: [".", "json"],
  },
  "access-policy": { ".": [] },
  "tag-policy": { ".": [] },
  "rest-api": {
    ".": [],
    operations: ["."],
    document: [".", "operations"],
  },
  "service-kit": {
    ".": [],
    clocks: ["."],
    db: [".", "clocks"],
    http: ["."],
    processes: ["."],
    signing: ["."],
    tracing: ["."],
    tls: [".", "http", "signing"],
  },
  "audit-log": {
    ".": [],
    verify: ["."],
    questions: ["."],
    archive: [".", "verify"],
    commands: [".", "verify", "questions", "archive"],
  },
  "registry-config": { ".": [] },
  "token-server": {
    identity: [],
    "identity/safeguards": ["identity"],
    "identity/htpasswd": ["identity", "identity/safeguards"],
    "identity/ldap": ["identity", "identity/safeguards"],
    "identity/machine": ["identity", "identity/safeguards"],
    "identity/oidc": ["identity", "identity/safeguards"],
    "identity/tokeninfo": ["identity", "identity/safeguards"],
    teams: ["identity", "identity/safeguards"],
    logins: ["directory", "identity", "identity/htpasswd", "identity/ldap", "identity/machine", "identity/oidc", "identity/tokeninfo", "teams"],
    limits: ["identity"],
    policy: [],
    "refresh-tokens": ["identity", "limits", "views"],
    views: [],
    robots: ["identity", "identity/safeguards", "policy"],
    registries: [],
    directory: ["identity", "identity/safeguards", "policy", "registries", "robots", "teams"],
    token: ["identity", "identity/machine", "limits", "policy", "refresh-tokens", "registries", "robots", "teams", "views"],
    api: ["directory", "identity", "policy", "refresh-tokens", "registries", "robots", "teams", "token"],
    routes: ["registries", "token", "views"],
    config: ["directory", "limits", "logins", "policy", "refresh-tokens"],
    wiring: ["api", "config", "directory", "limits", "logins", "policy", "refresh-tokens", "registries", "robots", "routes", "teams", "token", "views"],
    ".": ["config", "wiring"],
  },
  gateway: {
    events: [],
    "stored-files": [],
    acme: [],
    uploads: [],
    upstream: [],
    mode: ["upstream"],
    storage: ["mode", "upstream"],
    outbox: ["events"],
    sinks: ["events"],
    scm: ["upstream"],
    ledger: ["scm", "upstream"],
    contents: ["ledger", "scm", "upstream"],
    pulls: ["events", "ledger", "outbox"],
    catalog: ["ledger"],
    live: ["catalog", "ledger"],
    sessions: [],
    oidc: ["sessions"],
    page: ["upstream"],
    latest: ["ledger", "scm", "upstream"],
    referrers: ["ledger", "upstream"],
    extensions: ["catalog", "ledger", "upstream"],
    "in-use": ["ledger"],
    deletion: ["in-use", "ledger", "upstream"],
    past: ["deletion", "in-use", "ledger"],
    drift: ["ledger"],
    discovery: ["drift", "ledger", "stored-files", "upstream"],
    "from-pier-one": ["ledger", "scm", "stored-files", "upstream"],
    unanswered: ["drift", "ledger", "upstream"],
    notifications: ["drift", "ledger", "pulls", "upstream"],
    api: ["catalog", "contents", "in-use", "ledger", "live", "mode", "oidc", "outbox", "pulls", "referrers", "scm", "sessions", "upstream"],
    documentation: ["upstream"],
    "pier-one": ["catalog", "ledger", "scm", "upstream"],
    proxy: ["deletion", "extensions", "ledger", "mode", "past", "pulls", "referrers", "scm", "uploads", "upstream"],
    routes: ["proxy", "storage", "upstream"],
    config: ["acme", "discovery", "in-use", "ledger", "notifications", "oidc", "sessions", "sinks"],
    wiring: ["acme", "api", "catalog", "config", "contents", "deletion", "discovery", "documentation", "drift", "events", "from-pier-one", "in-use", "latest", "ledger", "live", "mode", "notifications", "oidc", "outbox", "page", "past", "pier-one", "proxy", "pulls", "referrers", "routes", "scm", "sessions", "sinks", "storage", "stored-files", "unanswered", "uploads", "upstream"],
    "commands/delete-untagged": ["config", "deletion", "mode", "outbox", "sinks", "wiring"],
    "commands/doctor": ["config", "notifications", "upstream", "wiring"],
    "commands/discover": ["config", "discovery", "events", "mode", "outbox", "sinks", "storage", "stored-files", "wiring"],
    "commands/migrate-pierone": ["config", "from-pier-one", "stored-files", "wiring"],
    "commands/mode": ["config", "ledger", "mode", "wiring"],
    "commands/outbox": ["mode", "outbox"],
    "commands/storage": ["config", "mode", "storage", "wiring"],
    ".": ["config", "wiring"],
  },
  deploy: {
    database: [],
    compose: ["database"],
    monitoring: [],
    local: [],
    "local/set-up": [],
    "local/processes": ["local"],
    "local/programs": ["local", "local/processes"],
    "local/postgres": ["local", "local/processes"],
    "local/stand-ins": ["local"],
    "local/stack": ["database", "local", "local/postgres", "local/processes", "local/programs", "local/stand-ins"],
    "local/two": ["local", "local/postgres", "local/processes", "local/programs", "local/stack"],
    "local/commands": ["local", "local/processes", "local/programs", "local/set-up", "local/stack", "local/stand-ins"],
    "local/testing": ["local", "local/processes", "local/programs", "local/set-up"],
  },
  cli: {
    exit: [],
    config: ["exit"],
    login: ["config", "exit"],
    api: ["exit"],
    output: [],
    completion: [],
    images: ["api", "exit"],
    checks: ["api", "exit", "login"],
    commands: ["api", "checks", "completion", "config", "exit", "images", "login", "output"],
    ".": ["commands", "config", "exit", "login", "output"],
  },
};
