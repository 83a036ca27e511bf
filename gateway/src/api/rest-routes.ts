import type { RequestHandler, Response } from "express";
import type { NoteRead } from "#audit-log/administrators-reads.js";
import { Fault } from "#registry-protocol/faults.js";
import type { CursorSealer } from "#rest-api/cursor.js";
import { operationFinder } from "#rest-api/find-operation.js";
import { changeMode } from "#rest-api/operations/mode.js";
import { changeOutbox } from "#rest-api/operations/outbox.js";
import { flagRepository } from "#rest-api/operations/repositories.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { parseInput } from "#rest-api/parse-input.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { RequestLimit } from "#service-kit/http/request-limit.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { refuseBody } from "../upstream/client-framing.js";
import { answerOfPage, parseTarget } from "./ask-operation.js";
import type { Asked, Asker, Implementation } from "./implement.js";
import { nobody, requireVisible, rightTo, type Right } from "./rights.js";

/** What the REST API needs. */
export interface RestDeps {
  /**
   * Says who asks, by whatever they log in with.
   *
   * @throws Fault UNAUTHORIZED, DENIED, TOO_MANY_REQUESTS or UNAVAILABLE
   */
  readonly identify: (req: HttpRequest, right: Right) => Promise<Asker>;
  readonly limit: RequestLimit;
  /** Told of what administrators look at that is others'. */
  readonly administered: NoteRead;
  /** Seals where pages end. */
  readonly sealer: CursorSealer;
}

/**
 * Everything below `/api/v1` that the gateway answers itself, by the table of operations. Mounted before any router: targets
 * are read as they came, never decoded by one.
 *
 * @param deps - who asks, and how often they may
 * @param implementations - what answers each operation of the gateway's
 * @returns the handler; what the token server answers is passed on
 */
export function restRoutes(
  deps: RestDeps,
  implementations: readonly Implementation[],
): RequestHandler {
  const find = operationFinder(OPERATIONS);
  const answers = answersOf(implementations);
  const { sealer } = deps;
  return async (req, res, next) => {
    const found = find(req.method, req.url);
    const answer = found && answers.get(found.operation.id);
    if (!found || !answer) {
      next();
      return;
    }
    const { operation } = found;
    contextOf(req).route = operation.id;
    // Whoever does not administer is told that, and not what is wrong with the request.
    const isForFew = operation.who === "administrator";
    const administrator = isForFew
      ? await identified(deps, req, res, rightTo(operation, {}))
      : null;
    const parsed = parseTarget(found, req.url, sealer);
    const asker =
      administrator ?? (await identified(deps, req, res, rightTo(operation, parsed.path)));
    requireVisible(operation, parsed.path, asker);
    const body = await bodyOf(operation, req, res);
    const answered = await answer({ ...parsed, ...asker, body, req, res } as Asked);
    if (isAdministratorsRead(operation))
      deps.administered({ actor: asker.actor, operation: operation.id });
    if (answered === "sent") return;
    const asked = { target: req.url, list: parsed.list };
    const whole = "page" in answered ? answerOfPage(asked, answered.page, sealer) : answered;
    sendAnswer(req, res, whole);
  };
}

/** What administrators change has an entry of its own. */
const CHANGES: readonly string[] = [changeMode.id, changeOutbox.id, flagRepository.id];

function isAdministratorsRead({ who, id }: Implementation["operation"]): boolean {
  return who === "administrator" && !CHANGES.includes(id);
}

function answersOf(
  implementations: readonly Implementation[],
): ReadonlyMap<string, Implementation["answer"]> {
  const answers = new Map(implementations.map((one) => [one.operation.id, one.answer]));
  const ours = OPERATIONS.filter(({ by }) => by === "gateway").map(({ id }) => id);
  const strange = [
    ...ours.filter((id) => !answers.has(id)),
    ...[...answers.keys()].filter((id) => !ours.includes(id)),
  ];
  if (strange.length === 0) return answers;
  throw new Error(`described or answered, and not both: ${strange.join(", ")}`);
}

/** Whoever does not get in is counted, too, by where they are from. */
async function identified(
  { identify, limit }: RestDeps,
  req: HttpRequest,
  res: Response,
  right: Right | null,
): Promise<Asker> {
  const { address } = contextOf(req).client;
  try {
    const asker = right === null ? nobody(req) : await identify(req, right);
    const { uid, realm } = asker.actor;
    limit.count(uid === "" ? address : `${realm}/${uid}`, res);
    return asker;
  } catch (error) {
    if (error instanceof Fault && error.code === "UNAUTHORIZED") limit.count(address, res);
    throw error;
  }
}

async function bodyOf(
  { body: schema, bodyBytes }: Implementation["operation"],
  req: HttpRequest,
  res: Response,
): Promise<unknown> {
  if (schema !== null) return parseInput(schema, (await readJsonBody(req, res, bodyBytes)) ?? {});
  await refuseBody(req, res);
  return undefined;
}
