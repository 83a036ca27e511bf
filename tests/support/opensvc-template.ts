/** A service template of OpenSVC: its sections, and in each its keywords. */
export type OpensvcTemplate = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * @param text - as an agent reads it: sections in brackets, `keyword = value`, lines that begin with a blank go on
 * @returns what is in it
 * @throws Error for a line that is none of these, and for what is there twice
 */
export function parseOpensvcTemplate(text: string): OpensvcTemplate {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let keyword = "";
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const name = /^\[(?<name>[^\]]+)\]$/.exec(line)?.groups?.["name"];
    if (name !== undefined) {
      if (sections.has(name)) throw new Error(`section ${name} is there twice`);
      section = new Map();
      sections.set(name, section);
      continue;
    }
    if (/^\s/.test(line) && keyword !== "" && section !== undefined) {
      section.set(keyword, `${section.get(keyword) ?? ""} ${line.trim()}`);
      continue;
    }
    const said = /^(?<keyword>[a-z_]+) =(?: (?<value>.*))?$/.exec(line)?.groups;
    if (said === undefined || section === undefined) throw new Error(`what is this: ${line}`);
    keyword = said["keyword"] ?? "";
    if (section.has(keyword)) throw new Error(`keyword ${keyword} is there twice`);
    section.set(keyword, said["value"] ?? "");
  }
  return sections;
}

/**
 * @param template - a template
 * @param name - of the service
 * @param given - what `--env` says, in the place of its section `env`
 * @returns reads a keyword of a section, with what is in braces filled in
 */
export function opensvcReader(
  template: OpensvcTemplate,
  name: string,
  given: Readonly<Record<string, string>> = {},
): (section: string, keyword: string) => string {
  const env = { ...Object.fromEntries(template.get("env") ?? []), ...given };
  return (section, keyword) =>
    (template.get(section)?.get(keyword) ?? "").replace(/\{([^{}]+)\}/g, (whole, asked: string) => {
      if (asked === "name") return name;
      const value = asked.startsWith("env.") ? env[asked.slice(4)] : undefined;
      if (value === undefined) throw new Error(`${section} ${keyword}: ${whole} is nowhere`);
      return value;
    });
}
