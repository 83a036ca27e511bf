import type { Case } from "./case.js";

const NEEDS_PUSHER = "no: needs the privilege Pusher";
const NEEDS_PULLER = "no: needs the privilege Puller";

/** Below `groups/`, by id and by name. */
// prettier-ignore
export const GROUPS_CASES: readonly Case[] = [
  ["alice open push groups/alpha/app", "yes: groups-push", "G1 G2 C4"],
  ["alice open push groups/21/app", "yes: groups-push", "G1 G2"],
  ["alice open push groups/alpha", "yes: groups-push", "G1"],
  ["alice open pull groups/alpha/app", "yes: groups-pull", "G1 G4 C4"],
  ["alice open pull groups/21/app", "yes: groups-pull", "G1 G4"],
  ["alice strict push groups/21/app", "yes: groups-push-restricted", "G3"],
  ["bob strict push groups/beta/app", "no: none of your teams is responsible for registry strict", "G3"],
  ["alice open push groups/beta/app", "no: alice is not in group beta", "G1"],
  ["alice open push groups/22/app", "no: alice is not in the group with id 22", "G1"],
  ["alice open pull groups/beta/app", "no: alice is not in group beta", "G1"],
  ["max open push groups/alpha/app", "no: max is not in group alpha", "G1"],
  ["max strict push groups/alpha/app", "no: max is not in group alpha", "G1"],
  ["max open pull groups/alpha/app", "no: max is not in group alpha", "G1"],
  ["max open push groups", "no: no rule allows push to groups", "G1"],
  ["8 open push groups/22/app", "no: 8 is not in the group with id 22", "G1"],
  ["8 open pull groups/22/app", "no: 8 is not in the group with id 22", "G1"],
  ["carol open push groups/alpha/app", NEEDS_PUSHER, "G2 C3"],
  ["dora open push groups/alpha/app", NEEDS_PUSHER, "G2"],
  ["mona open push groups/alpha/app", NEEDS_PUSHER, "G2"],
  ["carol strict push groups/alpha/app", NEEDS_PUSHER, "G3"],
  ["erik open push groups/alpha/app", "yes: groups-push", "G2"],
  ["erik open pull groups/alpha/app", NEEDS_PULLER, "G4"],
  ["carol open pull groups/alpha/app", NEEDS_PULLER, "G4"],
  ["dora open pull groups/alpha/app", "yes: groups-pull", "G4"],
  ["dora strict pull groups/21/app", "yes: groups-pull", "G4"],
  ["nina open push groups/gamma/app", "no: registry open is not published to any of your teams", "G2"],
  ["nina open pull groups/gamma/app", "no: registry open is not published to any of your teams", "G4"],
  ["alice half push groups/alpha/app", "no: registry half is not published to any of your teams", "G2"],
  ["alice halfstrict push groups/alpha/app", "yes: groups-push-restricted", "G3"],
  ["gus open push groups/alpha/app", "yes: groups-push", "G1 G2"],
  ["gus open pull groups/alpha/app", "yes: groups-pull", "G1 G4"],
  ["gus open push groups/builders/app", "yes: groups-push", "G1"],
  ["nobody open pull groups/alpha/app", "no: log in to pull", "T2"],
  ["web open push groups/alpha/app", "no: services only pull", "G5"],
  ["web open pull groups/alpha/app", "no: services pull nothing below groups/", "G5"],
  ["web open pull groups/21/app", "no: services pull nothing below groups/", "G5"],
  ["alice open delete groups/alpha/app", "no: none of your teams is responsible for registry open", ""],
  ["alice strict delete groups/alpha/app", "yes: groups-delete", ""],
];
