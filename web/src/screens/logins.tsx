import type { JSX } from "preact";
import { answerOf, api } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { Confirm } from "../parts/confirm.jsx";
import { Asked, Empty } from "../parts/states.jsx";
import { Time } from "../parts/time.jsx";
import { Table } from "../parts/table.jsx";
import { T } from "../texts/texts.js";
import { Sessions } from "./sessions.jsx";

/** What `docker login` and others keep of one's own. */
export function Logins(): JSX.Element {
  const [tokens, again] = useLoad("logins", () =>
    answerOf(api.GET("/refresh-tokens", { params: { query: { limit: 200 } } })),
  );
  const end = (id: string) => async () => {
    await answerOf(api.DELETE("/refresh-tokens/{id}", { params: { path: { id } } }));
    again();
  };
  const endAll = async () => {
    await answerOf(api.DELETE("/refresh-tokens"));
    again();
  };
  return (
    <>
      <h1 tabIndex={-1}>{T.logins}</h1>
      <Sessions />
      <h2>{T.programs}</h2>
      <p>{T.loginsIntro}</p>
      <Asked loaded={tokens} again={again}>
        {({ refreshTokens }) =>
          refreshTokens.length === 0 ? (
            <Empty>{T.noLogins}</Empty>
          ) : (
            <>
              <Table
                label={T.programs}
                columns={[T.client, T.created, T.expires, T.lastUsed, T.from]}
                unseen={T.end}
              >
                {refreshTokens.map((token) => (
                  <tr key={token.id}>
                    <th scope="row" dir="auto">
                      {token.clientId}
                    </th>
                    <td>
                      <Time at={token.createdAt} />
                    </td>
                    <td>
                      <Time at={token.expiresAt} />
                    </td>
                    <td>
                      <Time at={token.lastUsedAt} />
                    </td>
                    <td>{token.lastUsedAddress ?? ""}</td>
                    <td class="number">
                      <Confirm
                        label={T.end}
                        title={`${T.end}: ${token.clientId}`}
                        act={end(token.id)}
                      />
                    </td>
                  </tr>
                ))}
              </Table>
              <p class="buttons">
                <Confirm label={T.endAll} title={T.endAll} act={endAll} />
              </p>
            </>
          )
        }
      </Asked>
    </>
  );
}
