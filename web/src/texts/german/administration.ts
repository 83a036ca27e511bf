import type { administration as english } from "../english/administration.js";

/** The same in German. */
export const administration: typeof english = {
  registries: "Registrys",
  registriesIntro:
    "Die Registrys, die Sie sehen; jede ist für Teams veröffentlicht und wird von einigen geändert.",
  searchAll: "Alle Registrys durchsuchen",
  searchAllLabel: "Ein Teil des Namens eines Repositorys",
  unanswered: (registry, reason) => `Was ${registry} hat, ist nicht bekannt: ${reason}.`,
  moreThere: (registry) => `${registry} hat mehr davon: suchen Sie dort.`,
  noneFoundAnywhere: "Keine Registry, die antwortete, hat ein Repository, dessen Name das enthält.",
  ownRegistry: "diese hier",
  restricted: "eingeschränkt",
  restrictedHint: "Nur verantwortliche Teams pushen und löschen",
  insecureHint: "Ihr Zertifikat wird nicht geprüft",
  noAddress: "keine Adresse: Suchen lassen sie aus",
  publishedTo: "Veröffentlicht für",
  responsible: "Verantwortlich",
  publications: "Veröffentlicht für, Teams durch Kommas getrennt; * sind alle",
  responsibles: "Verantwortlich, Teams durch Kommas getrennt",
  address: "Adresse",
  edit: "Ändern",
  remove: "Entfernen",
  removeRegistryAsk:
    "Für sie werden keine Tokens mehr ausgestellt, ihre Robots werden abgeschaltet und ihre Anmeldungen enden, für immer. Was sie speichert, bleibt.",
  newRegistry: "Neue Registry",
  newRegistryHint: "Ihr Name ist TOKEN_SERVICE ihrer Gateways. Sie gehört Ihrem ersten Team.",

  directory: "Verzeichnis",
  directoryIntro: "Anwendungen, Dienste und Privilegien, nach denen sich die Regeln richten.",
  fromFile: "Es kommt aus einer Datei (DIRECTORY_FILE) und wird dort geändert.",
  apps: "Anwendungen",
  app: "Anwendung",
  code: "Kürzel",
  noApps: "Es gibt keine Anwendung, die Sie sehen dürfen.",
  newApp: "Neue Anwendung",
  removeAppAsk: "Ihre Dienste verlieren, was sie durch sie pullen dürfen.",
  services: "Dienste",
  service: "Dienst",
  noServices: "Es gibt keinen Dienst einer Anwendung von Ihnen.",
  newService: "Neuer Dienst",
  loginName: "Meldet sich an als",
  workload: "Anmeldung mit OIDC, die als er zählt, /realm/uid (darf leer sein)",
  overlap: "Wie lange das alte Geheimnis noch gilt, in Stunden",
  removeServiceAsk: "Was sich mit seinem Geheimnis anmeldet, pullt nichts mehr.",
  privileges: "Privilegien",
  privilege: "Privileg",
  holder: "Wessen",
  holderHint: "Team, oder /realm/uid einer Anmeldung",
  noPrivileges: "Sie haben keines.",
  give: "Geben",
  take: "Entziehen",
  users: "Benutzer",
  primaryTeam: "Erstes Team",
  id: "Nummer",

  policyTest: "Andere Regeln ausprobieren",
  policyTestIntro:
    "Was andere Regeln über das entschieden hätten, was aufgezeichnet ist. Nichts tritt in Kraft, und nichts wird behalten.",
  policyKind: "Regeln",
  accessPolicy: "wer was darf (POLICY_FILE)",
  tagPolicy: "was aus Tags wird (TAG_POLICY_FILE)",
  policyText: "Text der Datei, YAML",
  policyFile: "Oder wählen Sie die Datei",
  decisions: "Entscheidungen, die neuesten",
  compareDecisions: "Was würde sich ändern?",
  judged: (looked, same, changed, unknown) =>
    `Betrachtete Entscheidungen: ${looked}; ${same} wären gleich und ${changed} anders; von ${unknown} lässt es sich nicht sagen.`,
  wouldChange: "Wären anders",
  cannotTell: "Lässt sich nicht sagen",
  dependsOn: "Hängt ab von",
  becomes: "Wird",
  insteadOf: "Anstelle von",
  noRuleShort: "keine Regel",
  tryIt: "Darf jemand das nach diesen Regeln?",

  inUse: "In Gebrauch",
  inUseIntro: "Welche Knoten und Dienste ein Image benutzen, in allen Repositorys.",
  inUseOf: "Digest eines Manifests oder einer Konfiguration (die Nummer eines Images)",
  usedBy: "Knoten und Dienste, die es benutzen",
  notInUse: "Es ist nicht aufgezeichnet, dass jemand es benutzt.",
  how: "Wie",
  pulledHow: "gepullt",
  reportedHow: "gemeldet",
  node: "Knoten",
  last: "Zuletzt",
  runsUntil: "Zählt bis",

  star: "Ihren Stern geben",
  unstar: "Ihren Stern zurücknehmen",
  stars: (count) => (count === "1" ? "1 Stern" : `${count} Sterne`),

  installation: "Versionen und Gesundheit",
  gateway: "Gateway",
  database: "Datenbank",
  registryLine: (line) => (line === "3.1" ? "3.1 oder später" : line),
  noAnswer: "antwortet nicht",
  checkOf: (name) =>
    (
      ({
        database: "Datenbank",
        registry: "Registry",
        storage: "Ihr Speicher",
        tokenKeys: "Schlüssel des Token-Servers",
        tokenServer: "Token-Server",
        clocks: "Uhren",
      }) as Readonly<Record<string, string>>
    )[name] ?? name,
  works: "geht",
  fails: "geht nicht",
  silent: "Zuletzt gehört",
  secondsAgo: (count) => `vor ${count} s`,
  followsMode: "Kennt den Modus",

  garbage: "Abfall",
  garbageIntro:
    "Was kein Image braucht, entfernt der eigene Befehl der Registry, während niemand pusht. Das hier sagt, was eine Sammlung entfernen würde:",
  garbageNext: (count) =>
    `Manifeste, die gelöscht wurden, seit zuletzt Blobs gesammelt wurden: ${count}. Was nur sie brauchten, geht mit der nächsten Sammlung.`,
  unproven:
    "Es ist noch nicht bewiesen, dass die Registry vergessen hat, was gesammelt wurde: „npm run mode -- normal“ sagt, was fehlt.",
  neverCollected: "Es ist nicht aufgezeichnet, dass je gesammelt wurde.",
  begun: "begonnen",
  ended: "beendet",

  aside: "Ereignisse, die zur Seite traten",
  startSink: "Wieder zustellen",
  stopped: "angehalten",
  attempts: "Versuche",
  replay: "Wieder zustellen",
  discard: "Verwerfen",
  discardAsk: "Wer darauf wartet, erfährt nie davon.",
  giveUp: "Aufgeben",
  giveUpAsk: "Es kommt zu den aufgegebenen Ereignissen, und die hinter ihm gehen weiter.",
  replayAll: "Alle wieder zustellen",
  queues: "Schlangen, die am längsten warten",
  nextAttempt: "Nächster Versuch",

  todo: "Was zu tun ist",
  atRegistry: "In der Registry",
  inLedger: "Aufgezeichnet",
  lacks: "Es fehlt",
  todoOf: (kind) =>
    (
      ({
        drifted:
          "Jemand hat am Gateway vorbei geschrieben. Clients bekommen, was aufgezeichnet ist. „npm run discover -- --repair“ stellt ein unveränderliches wieder her, ein veränderliches sein nächster Push. Finden Sie heraus, wer dort schreiben kann.",
        missing:
          "Die Registry hat das Tag verloren. „npm run discover -- --repair“ schreibt es wieder, wenn sein Manifest noch da ist; sonst pushen Sie es noch einmal.",
        absent:
          "In den letzten Durchgängen nicht gefunden; bleibt es so, gilt es als verloren. Noch ist nichts zu tun.",
        incomplete:
          "Der Registry fehlt ein Teil des Images. Pushen Sie es noch einmal: was fehlt, wird neu gespeichert.",
        adopted: "Es war vorher in der Registry oder kam am Gateway vorbei. Es ist nichts zu tun.",
      }) as Readonly<Record<string, string>>
    )[kind] ?? "",
};
