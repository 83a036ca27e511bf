import type { Operation } from "../operation.js";
import * as audit from "./audit.js";
import * as auditQuestions from "./audit-questions.js";
import { followEvents } from "./events.js";
import * as contents from "./contents.js";
import { diffImages } from "./diff.js";
import * as directory from "./directory.js";
import { listFindings } from "./discovery.js";
import { readInstallation } from "./installation.js";
import * as inUse from "./in-use.js";
import { inspectImage } from "./inspect.js";
import * as explain from "./explain.js";
import * as mode from "./mode.js";
import * as outbox from "./outbox.js";
import * as policyTests from "./policy-tests.js";
import * as pulls from "./pulls.js";
import * as refreshTokens from "./refresh-tokens.js";
import { listBases, listBuiltOn } from "./related-images.js";
import * as referrers from "./referrers.js";
import * as registries from "./registries.js";
import * as repositories from "./repositories.js";
import * as robots from "./robots.js";
import * as session from "./session.js";
import * as sessions from "./sessions.js";
import * as tagLists from "./tag-lists.js";
import * as tags from "./tags.js";
import { whoCan } from "./who-can.js";

/**
 * All operations, in the order in which they count where a target can be read in several ways: a tag comes before what is asked
 * of one, a search over registries before the registry of that name.
 */
export const OPERATIONS: readonly Operation[] = [
  repositories.listRepositories,
  repositories.searchRepositories,
  repositories.listTeams,
  repositories.describeTeam,
  repositories.countAll,
  tags.describeTag,
  tags.lockTag,
  tags.sourceOfTag,
  contents.contentsOfTag,
  contents.contentsOfDigest,
  listBases,
  listBuiltOn,
  diffImages,
  inspectImage,
  referrers.treeOfReferrers,
  referrers.listReferring,
  tagLists.tagHistory,
  tagLists.listTags,
  tagLists.searchTags,
  tagLists.tagsOfDigest,
  tagLists.listRefusals,
  repositories.summarizeRepository,
  repositories.describeRepository,
  repositories.flagRepository,
  repositories.starRepository,
  repositories.unstarRepository,
  followEvents,
  inUse.reportInUse,
  inUse.findInUse,
  inUse.waiveInUse,
  inUse.listInUse,
  pulls.listPulls,
  pulls.countPullsByDay,
  pulls.countPulls,
  registries.searchRegistries,
  registries.listRegistries,
  registries.createRegistry,
  registries.readRegistry,
  registries.changeRegistry,
  registries.deleteRegistry,
  robots.listRobots,
  robots.createRobot,
  robots.rotateRobot,
  robots.disableRobot,
  robots.enableRobot,
  robots.listExceedingRobots,
  directory.readDirectory,
  directory.changeDirectory,
  directory.createService,
  directory.rotateService,
  directory.deleteService,
  refreshTokens.listRefreshTokens,
  refreshTokens.endRefreshTokens,
  refreshTokens.endRefreshToken,
  session.readSession,
  session.beginSession,
  session.endSession,
  session.endOidcLogin,
  session.beginOidcLogin,
  sessions.listSessions,
  sessions.endSessions,
  sessions.endSessionById,
  explain.explainOwn,
  explain.explainOthers,
  whoCan,
  policyTests.testPolicy,
  policyTests.testTagPolicy,
  audit.listAudit,
  audit.exportAudit,
  auditQuestions.whoPulled,
  auditQuestions.whoCould,
  auditQuestions.listChanges,
  auditQuestions.reportQuarter,
  listFindings,
  readInstallation,
  mode.readMode,
  mode.changeMode,
  outbox.readOutbox,
  outbox.listDeadEvents,
  outbox.changeOutbox,
];
