import type { ComponentChildren, JSX } from "preact";

/** A table that scrolls by itself where the screen is narrower. */
export function Table({
  label,
  columns,
  unseen,
  children,
}: {
  /** What it is of, for whoever does not see what stands above it. */
  readonly label: string;
  /** Heads; those of numbers begin with `#`. */
  readonly columns: readonly string[];
  /** Head of one more column, whose buttons say themselves what they do. */
  readonly unseen?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="scrolled" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((head) => (
              <th key={head} scope="col" class={head.startsWith("#") ? "number" : ""}>
                {head.startsWith("#") ? head.slice(1) : head}
              </th>
            ))}
            {unseen !== undefined && (
              <th scope="col">
                <span class="unseen">{unseen}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
