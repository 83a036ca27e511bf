import type { JSX } from "preact";
import type { Shown } from "../api/ask.js";
import { Table } from "./table.jsx";
import { T } from "../texts/texts.js";
import { figure } from "./figures.js";
import { Empty } from "./states.jsx";
import { Time } from "./time.jsx";

/** Who pulled, and from where. */
export function Pullers({ pulls }: { readonly pulls: readonly Shown<"Puller">[] }): JSX.Element {
  if (pulls.length === 0) return <Empty>{T.nobodyPulled}</Empty>;
  return (
    <Table
      label={T.whoPulled}
      columns={[T.who, T.tag, T.from, T.program, `#${T.times}`, T.lastPull]}
    >
      {pulls.map(({ uid, tag, address, userAgent, count, lastAt }, index) => (
        <tr key={index}>
          <th scope="row" dir="auto">
            {uid === "" ? T.anonymous : uid}
          </th>
          <td>{tag}</td>
          <td>{address}</td>
          <td>
            <span class="cut" title={userAgent} dir="auto">
              {userAgent}
            </span>
          </td>
          <td class="number">{figure(count)}</td>
          <td>
            <Time at={lastAt} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
