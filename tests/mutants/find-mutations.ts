import ts from "typescript";
import { named, type Guard, type Removal } from "./guard.js";
import { sqlChanges } from "./sql-changes.js";

const { SyntaxKind } = ts;

/** What stands in place of an operator. */
const OTHER_OPERATOR: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [SyntaxKind.LessThanToken, "<="],
  [SyntaxKind.LessThanEqualsToken, "<"],
  [SyntaxKind.GreaterThanToken, ">="],
  [SyntaxKind.GreaterThanEqualsToken, ">"],
  [SyntaxKind.PlusToken, "-"],
  [SyntaxKind.MinusToken, "+"],
  [SyntaxKind.AsteriskToken, "/"],
  [SyntaxKind.SlashToken, "*"],
  [SyntaxKind.PercentToken, "*"],
  [SyntaxKind.AmpersandAmpersandToken, "||"],
  [SyntaxKind.BarBarToken, "&&"],
]);

/** Words for people, figures and descriptions: what is asked of them is asked by other tests. */
const SAID = /(?:^|\.)(?:log\.\w+|console\.\w+|meta|describe|debug|info|warn|error)$/;

/**
 * @param file - path of a module, for the mutations' ids
 * @param text - its text
 * @returns what can be written otherwise in it: operators, conditions, constants, values that are returned, statements, and
 *   words of SQL texts, in the order of the text
 */
export function findMutations(file: string, text: string): Guard[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Guard[] = [];
  const add = (start: number, end: number, removal: Removal) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    const shown = text.slice(start, end).replaceAll(/\s+/g, " ");
    found.push({ id: "", file, line: line + 1, text: shown, removal, start, end });
  };
  const visit = (node: ts.Node): void => {
    if (isLeftOut(node)) return;
    if (isSql(node)) {
      const from = node.getStart(source) + 1;
      const isTemplate = !ts.isStringLiteral(node);
      for (const { start, end, words } of sqlChanges(text.slice(from, node.getEnd() - 1)))
        add(from + start, from + end, { to: "other words", words, isTemplate });
    }
    for (const [place, removal] of changesOf(node))
      add(place.getStart(source), place.getEnd(), removal);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return named(found.sort((a, b) => a.start - b.start || b.end - a.end));
}

function isLeftOut(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return true;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  return ts.isCallExpression(node) && SAID.test(node.expression.getText());
}

function isSql(node: ts.Node): boolean {
  return ts.isTemplateLiteral(node) || ts.isStringLiteral(node);
}

type Change = readonly [place: ts.Node, removal: Removal];

function changesOf(node: ts.Node): Change[] {
  if (ts.isBinaryExpression(node)) return operatorChanges(node);
  if (ts.isIfStatement(node)) return choices(node.expression);
  if (ts.isConditionalExpression(node)) return choices(node.condition);
  if (ts.isWhileStatement(node)) return [[node.expression, { to: "false" }]];
  if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken)
    return [[node, { to: "other", code: node.operand.getText() }]];
  if (ts.isReturnStatement(node)) return returned(node);
  if (isRemovable(node)) return [[node, { to: "nothing" }]];
  return ts.isExpression(node) ? constants(node) : [];
}

function choices(condition: ts.Expression): Change[] {
  return [
    [condition, { to: "true" }],
    [condition, { to: "false" }],
  ];
}

function operatorChanges(node: ts.BinaryExpression): Change[] {
  const [left, right] = [node.left.getText(), node.right.getText()];
  const { kind } = node.operatorToken;
  if (kind === SyntaxKind.QuestionQuestionToken) return [[node, { to: "other", code: left }]];
  const other = OTHER_OPERATOR.get(kind);
  const isText = [node.left, node.right].some((side) => isSql(side));
  if (other === undefined || (isText && kind === SyntaxKind.PlusToken)) return [];
  return [[node, { to: "other", code: `(${left}) ${other} (${right})` }]];
}

function returned({ expression }: ts.ReturnStatement): Change[] {
  if (expression === undefined || isAbsence(expression)) return [];
  return [[expression, { to: "undefined" }]];
}

function isAbsence(node: ts.Expression): boolean {
  return node.kind === SyntaxKind.NullKeyword || node.getText() === "undefined";
}

/** What is done for its effect alone; not what says something, nor what another statement needs declared. */
function isRemovable(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  if (!ts.isExpressionStatement(node)) return false;
  const { expression } = node;
  const inner = ts.isAwaitExpression(expression) ? expression.expression : expression;
  if (ts.isStringLiteral(inner)) return false;
  return !(ts.isCallExpression(inner) && isLeftOut(inner)) && !/^super\b/.test(inner.getText());
}

function constants(node: ts.Expression): Change[] {
  if (node.kind === SyntaxKind.TrueKeyword) return [[node, { to: "false" }]];
  if (node.kind === SyntaxKind.FalseKeyword) return [[node, { to: "true" }]];
  if (isName(node)) return [];
  if (ts.isNumericLiteral(node)) return [[node, { to: "other", code: `${node.getText()} + 1` }]];
  if (ts.isArrayLiteralExpression(node) && node.elements.length > 0 && !isTarget(node))
    return [[node, { to: "other", code: "[]" }]];
  // Words with a space between them are for people, or SQL.
  if (ts.isStringLiteral(node) && node.text !== "" && !/\s/.test(node.text))
    return [[node, { to: "other", code: '""' }]];
  return [];
}

/** `{ "a-b": 1 }` and `declare module "x"` name something. */
function isName(node: ts.Expression): boolean {
  const { parent } = node;
  return (
    ("name" in parent && parent.name === node) ||
    ("propertyName" in parent && parent.propertyName === node)
  );
}

/** `[a, b] = [b, a]` takes apart what is on its right. */
function isTarget(node: ts.Expression): boolean {
  const { parent } = node;
  return (
    (ts.isBinaryExpression(parent) && parent.left === node && isAssignment(parent)) ||
    (ts.isForOfStatement(parent) && parent.initializer === node)
  );
}

function isAssignment({ operatorToken }: ts.BinaryExpression): boolean {
  return operatorToken.kind === SyntaxKind.EqualsToken;
}
