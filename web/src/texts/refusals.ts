/** Why a push was refused, in words; reasons that are sentences already are shown as they are. */
type Reasons = Readonly<Record<string, string>>;

const ENGLISH: Reasons = {
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

const GERMAN: Reasons = {
  "tag-held": "Den Tag gibt es schon, und er bedeutet nie etwas anderes.",
  "tag-locked": "Der Tag ist gesperrt.",
  "tag-deleted": "Der Tag wurde gelöscht, und sein Name wird nicht wieder vergeben.",
  "tag-forbidden": "Einen Tag dieses Namens darf niemand pushen.",
  "tag-would-shrink": "Der Tag darf nur wachsen, und dem Angebotenen fehlt etwas davon.",
  "tag-grew-meanwhile":
    "Der Tag darf nur wachsen und tat es inzwischen: Derselbe Push kann noch einmal gelingen.",
  "tag-cannot-compare":
    "Der Tag darf nur wachsen, und das Angebotene lässt sich nicht mit ihm vergleichen.",
  "tag-unreadable": "Der Tag steht in der Registry, die nicht lesen kann, was er bedeutet.",
};

/** In English. */
export const refusalsInEnglish = { refusalReason: (reason: string) => ENGLISH[reason] ?? reason };

/** In German. */
export const refusalsInGerman = { refusalReason: (reason: string) => GERMAN[reason] ?? reason };
