/** Why a push was refused, in words; reasons that are sentences already are shown as they are. */
const REASONS: Readonly<Record<string, string>> = {
  "tag-held": "The tag stands already, and never means anything else.",
  "tag-locked": "The tag is locked.",
  "tag-deleted": "The tag was deleted, and its name is not given away again.",
  "tag-forbidden": "Nobody may push a tag of this name.",
  "tag-would-shrink": "The tag may only grow, and what was offered lacks some of it.",
  "tag-grew-meanwhile":
    "The tag may only grow, and did so meanwhile: the same push again may succeed.",
  "tag-cannot-compare": "The tag may only grow, and what was offered cannot be compared with it.",
  "tag-unreadable": "The tag stands at the registry, which cannot read what it means.",
};

export const refusals = { refusalReason: (reason: string) => REASONS[reason] ?? reason };
