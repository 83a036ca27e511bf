import ts from "typescript";
import { named, type Guard, type Removal } from "./guard.js";
import { isAccepting, isRefusing, leadsToRefusal } from "./outcomes.js";
import { sqlParts } from "./sql-conditions.js";

/** Calls whose only purpose is to refuse, or to end what somebody holds. */
const REFUSING_CALL =
  /^(?:refuse|require|assert|ensure|check|forbid|insist|lock|end|revoke|forget)(?:[A-Z]|$)/;
/** Pieces of statements stand in these. */
const SQL_FILE = /\/sql(?:\/|\.ts$)/;
/** Names of values that say whether something may be. */
const VERDICT_NAME = /^(?:is|has|may|can|same|right|ours|living)(?:[A-Z]|$)/;

/**
 * @param file - path of a module, for the guards' ids
 * @param text - its text
 * @returns every check in it that refuses somebody or narrows what is theirs, in the order of the text
 */
export function findGuards(file: string, text: string): Guard[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const guards = new Map<string, Guard>();
  const functions = namedFunctions(source);
  const add = (start: number, end: number, removal: Removal) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    const shown = text.slice(start, end).replaceAll(/\s+/g, " ");
    const place = `${start}-${end} ${removal.to}`;
    const within = functions.findLast((one) => one.start <= start && end <= one.end)?.name ?? "";
    guards.set(place, { id: "", file, line: line + 1, text: shown, within, removal, start, end });
  };
  const expression = (node: ts.Expression, to: "true" | "false" | "undefined" | "Infinity") => {
    add(node.getStart(source), node.getEnd(), { to });
  };
  /** Checks joined by `||` refuse each by itself, those joined by `&&` have to hold each. */
  const operands = (node: ts.Expression, whenTrue: "refused" | "accepted" | "either"): void => {
    if (ts.isParenthesizedExpression(node)) {
      operands(node.expression, whenTrue);
      return;
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      const flipped = { refused: "accepted", accepted: "refused", either: "either" } as const;
      operands(node.operand, flipped[whenTrue]);
      return;
    }
    if (ts.isConditionalExpression(node) && whenTrue !== "either") {
      const neutral = whenTrue === "refused" ? "false" : "true";
      for (const branch of [node.whenTrue, node.whenFalse]) expression(branch, neutral);
      return;
    }
    if (!ts.isBinaryExpression(node)) return;
    const operator = node.operatorToken.kind;
    const isAnd = operator === ts.SyntaxKind.AmpersandAmpersandToken;
    if (!isAnd && operator !== ts.SyntaxKind.BarBarToken) return;
    const isCheck = whenTrue === "either" || (whenTrue === "accepted") === isAnd;
    for (const operand of [node.left, node.right]) {
      if (isCheck && !isJoined(operand, operator)) expression(operand, isAnd ? "true" : "false");
      operands(operand, whenTrue);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIfStatement(node)) {
      if (isRefusing(node.thenStatement)) {
        expression(node.expression, "false");
        operands(node.expression, "refused");
      } else if (isAccepting(node.thenStatement) && leadsToRefusal(node)) {
        expression(node.expression, "true");
        operands(node.expression, "accepted");
      }
    } else if (ts.isThrowStatement(node) && !ts.isIdentifier(node.expression) && !isBranch(node)) {
      add(node.getStart(source), node.getEnd(), { to: "nothing" });
    } else if (ts.isConditionalExpression(node) && !isAboutAbsence(node.condition)) {
      if (isRefusing(node.whenTrue)) {
        expression(node.condition, "false");
        operands(node.condition, "refused");
      } else if (isRefusing(node.whenFalse)) {
        expression(node.condition, "true");
        operands(node.condition, "accepted");
      }
    } else if (ts.isExpressionStatement(node)) {
      const call = ts.isAwaitExpression(node.expression)
        ? node.expression.expression
        : node.expression;
      const isAnswer = /^res\b/.test(call.getText(source));
      if (ts.isCallExpression(call) && REFUSING_CALL.test(nameOf(call.expression)) && !isAnswer)
        expression(node.expression, "undefined");
    } else if (ts.isCallExpression(node)) {
      const predicate = node.arguments[0];
      const name = nameOf(node.expression);
      if (["filter", "every", "refine"].includes(name) && predicate !== undefined)
        if (ts.isArrowFunction(predicate) && !ts.isBlock(predicate.body)) {
          expression(predicate.body, "true");
          operands(predicate.body, "accepted");
        }
      if (name === "min" && node.expression.getText(source) === "Math.min")
        node.arguments.forEach((argument) => {
          if (!ts.isNumericLiteral(argument) && !ts.isSpreadElement(argument))
            expression(argument, "Infinity");
        });
    }
    if (ts.isObjectLiteralExpression(node))
      for (const option of claimChecks(node)) expression(option, "undefined");
    const verdict = verdictOf(node);
    if (verdict !== null) operands(verdict, "either");
    if (ts.isTemplateLiteral(node) || ts.isStringLiteral(node)) {
      const from = node.getStart(source) + 1;
      const isTemplate = !ts.isStringLiteral(node);
      const literal = text.slice(from, node.getEnd() - 1);
      for (const { kind, start, end } of sqlParts(literal, SQL_FILE.test(file)))
        add(from + start, from + end, { to: kind, isTemplate });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return named([...guards.values()].sort((a, b) => a.start - b.start || b.end - a.end));
}

/** In the order of the text, so that of two that hold a place the inner one is the later. */
function namedFunctions(source: ts.SourceFile): { name: string; start: number; end: number }[] {
  const found: { name: string; start: number; end: number }[] = [];
  const visit = (node: ts.Node): void => {
    const isNamed = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
    if (isNamed && node.name !== undefined)
      found.push({ name: node.name.getText(), start: node.getStart(source), end: node.getEnd() });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isJoined(node: ts.Expression, operator: ts.SyntaxKind): boolean {
  const inner = ts.isParenthesizedExpression(node) ? node.expression : node;
  return ts.isBinaryExpression(inner) && inner.operatorToken.kind === operator;
}

const CLAIM_CHECKS = ["issuer", "audience", "algorithms", "requiredClaims", "subject", "typ"];

/** What a token is held against, as options of its verification. */
function claimChecks({ properties }: ts.ObjectLiteralExpression): ts.Expression[] {
  const named = properties.filter(ts.isPropertyAssignment);
  const isVerification = named.some(({ name }) => name.getText() === "clockTolerance");
  return named
    .filter(({ name }) => isVerification && CLAIM_CHECKS.includes(name.getText()))
    .map(({ initializer }) => initializer);
}

/** `x === null ? null : f(x)` says what there is, and refuses nobody. */
function isAboutAbsence(node: ts.Expression): boolean {
  if (!ts.isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  const isEquality =
    kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
  return isEquality && ["null", "undefined"].includes(node.right.getText());
}

/** What an `if` decides about is taken out with its condition. */
function isBranch(node: ts.Statement): boolean {
  const { parent } = node;
  const owner = ts.isBlock(parent) && parent.statements.length === 1 ? parent.parent : parent;
  return ts.isIfStatement(owner) && owner.elseStatement !== node && owner.elseStatement !== parent;
}

/** Values that are a verdict as they are, and not by what an `if` makes of them. */
function verdictOf(node: ts.Node): ts.Expression | null {
  if (ts.isReturnStatement(node)) return node.expression ?? null;
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return node.body;
  if (ts.isVariableDeclaration(node) && node.initializer !== undefined)
    return VERDICT_NAME.test(node.name.getText()) ? node.initializer : null;
  return null;
}

function nameOf(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
}
