import ts from "typescript";

/** Functions that make a refusal. */
const MAKES_REFUSAL = /^(?:refus|den(?:y|ial)|invalid|not[A-Z]|unknown|reject|end$|fault)/i;

/**
 * @param node - a branch, or a value that somebody is answered with
 * @returns whether it refuses: throws, or is nothing, `false` or a refusal
 */
export function isRefusing(node: ts.Node): boolean {
  if (ts.isBlock(node)) return node.statements.some(isRefusing);
  if (ts.isThrowStatement(node)) return true;
  if (ts.isExpressionStatement(node)) return false;
  if (ts.isReturnStatement(node))
    return node.expression !== undefined && isRefusing(node.expression);
  return isRefusal(node);
}

function isRefusal(node: ts.Node): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node))
    return isRefusal(node.expression);
  if (node.kind === ts.SyntaxKind.NullKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return true;
  if (ts.isIdentifier(node)) return node.text === "undefined";
  if (ts.isArrayLiteralExpression(node)) return node.elements.length === 0;
  if (ts.isStringLiteral(node) || ts.isTemplateExpression(node)) return /\s/.test(node.getText());
  if (ts.isCallExpression(node)) return MAKES_REFUSAL.test(node.expression.getText());
  if (ts.isNewExpression(node)) return /Fault|Error/.test(node.expression.getText());
  if (ts.isObjectLiteralExpression(node)) return /\ballow: false\b/.test(node.getText());
  return false;
}

/**
 * @param node - a branch
 * @returns whether it leaves the function without a refusal
 */
export function isAccepting(node: ts.Statement): boolean {
  const last = ts.isBlock(node) ? node.statements.at(-1) : node;
  return last !== undefined && ts.isReturnStatement(last) && !isRefusing(last);
}

/**
 * @param node - a statement that may leave its function
 * @returns whether something is refused, or ended, in what comes after it
 */
export function leadsToRefusal(node: ts.Statement): boolean {
  if (!ts.isBlock(node.parent)) return false;
  const { statements } = node.parent;
  const rest = statements.slice(statements.indexOf(node) + 1);
  return rest.some((statement) => refusesWithin(statement));
}

function refusesWithin(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  if (ts.isReturnStatement(node) && isRefusing(node)) return true;
  if (ts.isExpressionStatement(node) && /^(?:await )?(?:refuse|require)/.test(node.getText()))
    return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, refusesWithin) ?? false;
}
