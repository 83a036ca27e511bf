/**
 * What may become a uid, a token's subject and the ledger's actor: letters and digits of any script, marks that
 * belong to them, and signs that real names have (`carol@example.org`, `repo:acme/app:ref:refs/heads/main`,
 * `O'Brien, Conan (Ops)`, `EXAMPLE\\carol`, `host$`). Neither control, format and bidirectional characters nor surrogates,
 * so that a log line and a terminal show what is there; none of `* ? [ ] { } < >` and `"`, so that neither a glob, a
 * template (which takes braces) nor a page reads it as more than itself.
 */
const UID = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}._:@/+=|~'(),&#!$\\%^;`-]| (?=\S)){0,254}$/u;
/** A name that looks like a way through folders. */
const DOT_COMPONENT = /(?:^|[/:|])\.{1,2}(?:[/:|]|$)/;
/** One component, so that `/realm/uid` can be read in one way alone; empty for services that know no realms. */
const REALM = /^(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$/;
const MAX_UID_BYTES = 255;

/** User names that say how to log in, and what nobody in particular is called. */
const RESERVED_UIDS: readonly string[] = [
  "oauth2",
  "oidc",
  "instance-identity-document",
  "anonymous",
];
/** Robots are called `robot-<team>-<name>`; `robot-ci` of a company's own service is none of ours. */
const ROBOT_UID = /^robot-.+-/;

/** User names typed that begin so belong to robots, whatever follows. */
const RESERVED_USERNAME = /^(?:oauth2|oidc|instance-identity-document|robot-.*)$/i;

/** @returns whether `text` can be taken for a uid as it is */
export function isSafeUid(text: string): boolean {
  return (
    UID.test(text) &&
    text.normalize("NFC") === text &&
    Buffer.byteLength(text) <= MAX_UID_BYTES &&
    !DOT_COMPONENT.test(text)
  );
}

/** @returns whether `text` can be taken for a realm as it is */
export function isRealm(text: string): boolean {
  return REALM.test(text);
}

/** @returns whether a uid has a meaning of its own here, in whatever case and width it is written */
export function isReservedUid(uid: string): boolean {
  const folded = foldName(uid);
  return RESERVED_UIDS.includes(folded) || isRobotUid(uid);
}

/** @returns whether a uid is what robots are called */
export function isRobotUid(uid: string): boolean {
  return ROBOT_UID.test(foldName(uid));
}

/** @returns the name as those compare it who care for neither case, width nor white space around it */
export function foldName(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}

/** @returns whether `username` says how to log in rather than who logs in */
export function isReservedUsername(username: string): boolean {
  return RESERVED_USERNAME.test(username);
}
