import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { answerOf, api, type Shown } from "../api/ask.js";
import { useLoad } from "../api/load.js";
import { goWith, usePlace } from "../place.js";
import { Table } from "./table.jsx";
import { LOCALE, T } from "../texts/texts.js";
import { figure } from "./figures.js";
import { Asked } from "./states.jsx";

const SPANS = ["30", "90", "7"] as const;
/** Days are those of UTC, wherever somebody looks at them. */
const dates = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });

type Days = Shown<"PullDays">["days"];

/** How often something was pulled, day by day: a chart, and a table beside it. */
export function PullsByDay({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag?: string;
}): JSX.Element {
  const { query } = usePlace();
  const days = SPANS.find((one) => one === query.get("days")) ?? SPANS[0];
  const [pulls, again] = useLoad(`${repository} ${tag ?? ""} ${days}`, () =>
    answerOf(
      api.GET("/repositories/{repository}/pull-days", {
        params: {
          path: { repository },
          query: { days: Number(days), ...(tag === undefined ? {} : { tag }) },
        },
      }),
    ),
  );
  return (
    <section>
      <div class="filters">
        <h2>{T.pullsByDay}</h2>
        <label>
          {T.days}
          <select
            value={days}
            onChange={({ currentTarget }) => {
              goWith({ days: currentTarget.value });
            }}
          >
            {[...SPANS]
              .sort((one, other) => Number(one) - Number(other))
              .map((one) => (
                <option key={one}>{one}</option>
              ))}
          </select>
        </label>
      </div>
      <Asked loaded={pulls} again={again}>
        {(found) => <Both days={found.days} />}
      </Asked>
    </section>
  );
}

function Both({ days }: { readonly days: Days }): JSX.Element {
  const sum = days.reduce((before, { pulls }) => before + pulls, 0);
  if (sum === 0) return <p class="faint">{T.notPulled}</p>;
  return (
    <div class="beside">
      <Chart days={days} label={T.pullsInAll(figure(sum), figure(days.length))} />
      <Table label={T.pullsByDay} columns={[T.day, `#${T.pulls}`]}>
        {[...days].reverse().map(({ day, pulls }) => (
          <tr key={day}>
            <th scope="row">
              <time dateTime={day}>{dates.format(new Date(day))}</time>
            </th>
            <td class="number">{figure(pulls)}</td>
          </tr>
        ))}
      </Table>
    </div>
  );
}

/** What draws comes when there is something to draw: who looks at other screens never has to wait for it. */
function Chart({ days, label }: { readonly days: Days; readonly label: string }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let stop: (() => void) | null = null;
    let isGone = false;
    void import("./chart.js").then(
      ({ drawBars }) => {
        if (isGone || host.current === null) return;
        stop = drawBars(host.current, days);
      },
      // Without a drawing the table says all of it.
      () => undefined,
    );
    return () => {
      isGone = true;
      stop?.();
    };
  }, [days]);
  return <div ref={host} class="chart" role="img" aria-label={label} />;
}
