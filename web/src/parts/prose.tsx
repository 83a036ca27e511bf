import type { Token, Tokens } from "marked";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { once } from "./once.js";

/** What reads Markdown is a file of its own: most screens have none, and the first view waits for none. */
const reader = once(() => import("marked"));

/** What somebody wrote as Markdown: its tokens become elements, one by one. Markup in it is text, and stays text. */
export function Prose({ text }: { readonly text: string }): JSX.Element {
  const [tokens, setTokens] = useState<readonly Token[] | null>(null);
  useEffect(() => {
    let isWanted = true;
    reader().then(
      ({ Lexer }) => {
        if (isWanted) setTokens(new Lexer({ gfm: true, breaks: true }).lex(text));
      },
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [text]);
  return <div class="prose">{tokens === null ? <p>{text}</p> : blocks(tokens)}</div>;
}

function blocks(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token, index) => <Block key={index} token={token} />);
}

function Block({ token }: { readonly token: Token }): JSX.Element | null {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
    case "paragraph":
      return <p>{inner(token)}</p>;
    case "list": {
      const { ordered, items } = token as Tokens.List;
      const shown = items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
      return ordered ? <ol>{shown}</ol> : <ul>{shown}</ul>;
    }
    case "blockquote":
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "hr":
      return <hr />;
    default:
      return <Inline token={token} />;
  }
}

function Inline({ token }: { readonly token: Token }): JSX.Element {
  switch (token.type) {
    case "strong":
      return <strong>{inner(token)}</strong>;
    case "em":
      return <em>{inner(token)}</em>;
    case "del":
      return <del>{inner(token)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link": {
      const { href } = token as Tokens.Link;
      if (!/^https?:\/\//i.test(href)) return <>{inner(token)}</>;
      return (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow">
          {inner(token)}
        </a>
      );
    }
    case "text":
    case "escape": {
      const { tokens, text } = token as Tokens.Text;
      return tokens === undefined ? <>{text}</> : <>{inner(token)}</>;
    }
    default:
      // Images would ask other hosts; HTML is what somebody wrote, and no more.
      return <>{token.raw}</>;
  }
}

function inner(token: Token): ComponentChildren {
  const { tokens = [] } = token as { tokens?: readonly Token[] };
  return tokens.map((one, index) => <Inline key={index} token={one} />);
}
