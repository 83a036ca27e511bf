import type { Case } from "./case.js";

const NEEDS_PUSHER = "no: needs the privilege Pusher";
const NEEDS_PULLER = "no: needs the privilege Puller";
const NEEDS_BOTH = "no: needs the privileges Pusher and Manager";

/** Everywhere else. */
// prettier-ignore
export const ELSEWHERE_CASES: readonly Case[] = [
  ["max open push global/app", "yes: other-push", "O1 C5"],
  ["max open push app", "yes: other-push", "O1"],
  ["max strict push site/app", "yes: other-push", "O1"],
  ["max open push usersx/app", "yes: other-push", "T3"],
  ["max open delete global/app", "yes: other-delete", ""],
  ["olga open push global/app", "no: needs the privilege Manager", "C5"],
  ["olga open delete global/app", "no: needs the privilege Manager", ""],
  ["alice strict push global/app", "no: needs the privilege Manager", "C5"],
  ["mona strict push global/app", NEEDS_PUSHER, "O1"],
  ["carol strict push global/app", NEEDS_BOTH, "O1 C5"],
  ["alice open push global/app", "no: none of your teams is responsible for registry open", "O1"],
  ["nina open push global/app", "no: none of your teams is responsible for registry open", "O1"],
  ["nina strict push global/app", "no: none of your teams is responsible for registry strict", "O1"],
  ["max half push global/app", "no: none of your teams is responsible for registry half", "O1"],
  ["max nobodys push global/app", "no: none of your teams is responsible for registry nobodys", "O1"],
  ["max undeclared push global/app", "no: the registry is not declared", "T1"],
  ["alice open pull global/app", "yes: other-pull", "O2"],
  ["dora strict pull global/app", "yes: other-pull", "O2"],
  ["max open pull busybox", "yes: other-pull", "O2"],
  ["erik open pull global/app", NEEDS_PULLER, "O2"],
  ["carol open pull global/app", NEEDS_PULLER, "O2 C3"],
  ["nina open pull global/app", "no: registry open is not published to any of your teams", "O2"],
  ["alice half pull global/app", "no: registry half is not published to any of your teams", "O2"],
  ["nobody open pull global/app", "no: log in to pull", "T2"],
  ["nobody open push global/app", "no: log in to push", "T2"],
  ["machine open pull global/app", "no: registry open is not published to any of your teams", "T2"],
  ["robot open push global/app", "no: none of your teams is responsible for registry open", "T2"],
  ["robot open pull global/app", "no: registry open is not published to any of your teams", "T2"],
  ["web open pull global/app", "yes: other-pull-services", "O3"],
  ["web half pull global/app", "yes: other-pull-services", "O3"],
  ["web opsonly pull global/app", "no: registry opsonly is published to no team that the service's app is published to", "O3"],
  ["safe open pull global/app", "no: registry open is published to no team that the service's app is published to", "O3"],
  ["lost open pull global/app", "no: registry open is published to no team that the service's app is published to", "O3"],
  ["web open push global/app", "no: services only pull", "O1"],
  ["web strict push global/app", "no: services only pull", "O1"],
  ["nina undeclared pull global/app", "no: the registry is not declared", "T1"],
  ["max opsonly push global/app", "yes: other-push", "C1 C2"],
  ["olga opsonly pull global/app", "yes: other-pull", "C2"],
  ["alice opsonly pull global/app", "no: registry opsonly is not published to any of your teams", "C2"],
  ["nina opsonly push global/app", "no: none of your teams is responsible for registry opsonly", "C1"],
];
