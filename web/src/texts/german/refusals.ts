/** The same in German. */
const REASONS: Readonly<Record<string, string>> = {
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

export const refusals = { refusalReason: (reason: string) => REASONS[reason] ?? reason };
