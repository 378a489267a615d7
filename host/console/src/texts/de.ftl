# Was die Seiten sagen. Dieselben Nachrichten wie in en.ftl.
skip = Zum Inhalt
menu = Seiten dieser Tür
all-boards = Alle Boards
menu-door = Tür
menu-people = Personen
menu-certainty = Treffsicherheit
menu-log = Protokoll
menu-settings = Einstellungen
menu-models = Modelle
menu-computers = Rechner
menu-pair = Kopplung
sign-out = Abmelden
signed-out = Abgemeldet
signed-in = Angemeldet
console-silent = Die Konsole antwortet nicht; diese Seite weiß den Zustand der Tür nicht. Sie kommt von selbst wieder, sobald `postern console` wieder läuft; wurde sie neu gestartet, öffnen Sie die Adresse, die ihr Terminal zeigt.
refused = Das ging nicht
wrong-host = Die Adresse im Browser ist nicht die eigene dieses Rechners. Öffnen Sie die Adresse, die das Terminal zeigt.
wrong-origin = Das Formular kam von einer anderen Seite. Öffnen Sie die Konsole neu und wiederholen Sie es.
foreign-form = Das Formular gehört nicht zu dieser Sitzung. Gehen Sie zurück, laden Sie die Seite neu und wiederholen Sie es.
broken-form = Das Formular kam nicht ganz an. Gehen Sie zurück und senden Sie es noch einmal.
sign-in-first = Öffnen Sie die Adresse, die das Terminal von `postern console` zeigt. Sie meldet einen Browser an, einmal.
wrong-token = Diese Adresse meldet einen Browser an, einmal, und wurde schon benutzt; oder sie ist nicht vollständig. Das Terminal zeigt eine neue.
spent = Schon anderswo angemeldet
no-page = Diese Seite gibt es nicht
no-page-text = Die Liste der Boards steht unter /boards.
no-board = Dieses Board gibt es nicht
bad-request = Die Konsole kann diese Anfrage nicht lesen (Status { $status }). Gehen Sie zurück, laden Sie die Seite neu und wiederholen Sie es.
board-lost = Das Board kann im Augenblick nicht gefragt werden.
comes-back = Die Seite kommt von selbst wieder, sobald das Board antwortet.
switched-off = Wurde es ausgeschaltet, schalten Sie es dort ein:

boards = Boards
no-boards = Es gibt noch kein Board.
board-up = an
board-down = aus
damaged = beschädigt: { $what }
switch-on = Einschalten
switch-off = Ausschalten
sure-off = Ja, vom Strom trennen
not-sure-off = Das Board ist noch an: bestätigen Sie zuerst, dass Sie sicher sind.
new-board = Ein neues Board
new-board-text = Ein emuliertes Board oder eine Tür auf diesem Rechner. Der erste Start eines emulierten dauert eine Weile.
board-name = Buchstaben, Ziffern, `-`, `_` und Punkte, ohne Leerzeichen und ohne Punkt am Anfang
name = Name
machine = Maschine
make-board = Anlegen und einschalten

no-script = Ohne Skripte erneuert sich diese Seite nicht von selbst: laden Sie sie neu.
events = Was geschah
events-text = Die Zeiten sind in UTC, nach der Uhr des Boards. Mit einem Plus sind es Sekunden, seit das Board läuft: seine Uhr war nicht gestellt.
pins = Anschlüsse dieses Boards
pins-text = Dieses Board ist emuliert oder läuft auf diesem Rechner: Taste, Kontakt und Tastenfeld sind hier.
press-exit = Türtaste drücken
door-leaf-open = Türblatt öffnen
door-leaf-close = Türblatt schließen
pin = PIN
type-pin = Eingeben
not-paired = Dieser Rechner ist mit dem Board nicht gekoppelt.
nothing-seen = Die Kamera hat nichts gesehen, seit das Board läuft.
similarity = Ähnlichkeit
needed = Nötig
liveness-score = Lebendigkeit
camera-dark = Alle Bilder der Kamera dieser Tür sind dunkel, also lässt sie niemanden mit dem Gesicht ein: Ist Licht da, und ist die Linse frei?
camera-nothing-seconds = Die Kamera dieser Tür gibt seit { $number } s oder länger kein brauchbares Bild, also lässt sie niemanden mit dem Gesicht ein. Den Grund nennt die Tür auf ihrem Computer.
camera-nothing-minutes = Die Kamera dieser Tür gibt seit { $number } min oder länger kein brauchbares Bild, also lässt sie niemanden mit dem Gesicht ein. Den Grund nennt die Tür auf ihrem Computer.
foreign-people = Diese Tür öffnet sich keinem Gesicht: Ihre Personen sind mit einem anderen Encoder erfasst, als sie verwendet. Entfernen Sie sie und erfassen Sie sie neu, oder installieren Sie auf der Seite Modelle wieder den früheren Encoder.
lock-open = Die Tür ist offen
lock-locked = Die Tür ist verriegelt
leaf-open = Türblatt offen
leaf-closed = Türblatt zu
cover-open = Gehäuse offen
alarm-on = Alarm
event-booted = Das Board ist gestartet; die Tür ist verriegelt
event-sees = Sieht: { $what }
event-opened = Offen für { $name }
event-button = Offen durch die Türtaste
event-command = Offen durch einen signierten Befehl
event-locked = Verriegelt
event-duress = NÖTIGUNG: { $name } wurde gezwungen zu öffnen
event-alarm = Alarm: { $alarm }
event-alarm-over = Der Alarm ist vorbei: { $alarm }
event-paired = { $label } wurde als { $role } gekoppelt

people-count = { $count ->
    [0] Niemand ist erfasst.
    [one] 1 Person
   *[other] { $count } Personen
}
photos-count = { $count ->
    [one] 1 Foto
   *[other] { $count } Fotos
}
twins = Jemand ist schon erfasst
twins-known = Erfasst:
twins-new = Die neuen Fotos. Sie werden einmal gezeigt und nicht aufbewahrt.
twins-picture = Neues Foto { $number }
twins-text = Sind beide eine Person, öffnen Sie die Seite der erfassten und fügen Sie die Fotos dort hinzu. Sind es zwei, die sich ähneln, nehmen Sie andere Fotos oder eine strengere Rate auf der Seite Treffsicherheit.
enrol = Erfassen
enrol-text = Ein Foto genügt. Jedes muss ein Gesicht zeigen, aufrecht. Die Fotos werden nicht aufbewahrt.
photos = Fotos
photos-text = Legen Sie sie hier ab oder wählen Sie Dateien; höchstens { $most }, zusammen { $limit } MB.
too-large = Die Fotos sind zusammen größer als { $limit } MB: senden Sie weniger oder kleinere.
too-many = Das sind mehr als { $limit } Fotos: senden Sie höchstens { $limit } auf einmal.
no-photo = Im Formular ist kein Foto: wählen Sie eines.
looking = Das Board sieht die Fotos an …
webcam = Bilder mit der Kamera dieses Computers aufnehmen
webcam-end = Kamera ausschalten
webcam-sees = Was die Kamera sieht
webcam-done = Es gibt drei gute Bilder: Schicken Sie das Formular ab.
webcam-denied = Der Browser gibt die Kamera nicht frei: Erlauben Sie sie neben der Adresse, und drücken Sie den Knopf noch einmal. Oder wählen Sie Fotos.
webcam-none = Dieser Computer hat keine Kamera, die der Browser benutzen kann: Wählen Sie Fotos.
webcam-tired = Die Kamera lief zwei Minuten: Drücken Sie den Knopf, um weiterzumachen.
portrait-of = Gemaltes Bild von { $name }
visits = Besuche
visits-count = { $count ->
    [0] Keiner unter den neuesten 2.000 Einträgen des Protokolls.
    [one] 1 unter den neuesten 2.000 Einträgen des Protokolls.
   *[other] { $count } unter den neuesten 2.000 Einträgen des Protokolls, der neueste zuerst.
}
passes-always = Darf jederzeit hinein,
passes-hours = Darf hinein: { $hours },
with-face = mit dem Gesicht allein.
with-pin = mit Gesicht und PIN.
with-duress = mit Gesicht und PIN oder der Nötigungs-PIN.
rule = Zeiten und PIN
suspend = Sperren
suspend-text = Eine gesperrte Person kommt nicht hinein. Bilder, Zeiten und PIN bleiben.
is-suspended = Diese Person ist gesperrt: die Tür weist sie ab.
resume = Entsperren
rule-text = Zeiten sind `always` (immer) oder bis zu vier Fenster wie `mon-fri 08:00-18:00, sat+sun 10:00-12:00`. Eine PIN kennt nur das Board: geben Sie sie bei jeder Änderung wieder an.
no-pin = Keine PIN: das Gesicht genügt
hours = Zeiten
new-pin = PIN, 4 bis 10 Ziffern
duress-pin = Nötigungs-PIN: sie öffnet und löst stillen Alarm aus
no-duress-pin = Keine Nötigungs-PIN mehr
save = Speichern
saved = Gespeichert.
more-photos = Weitere Fotos
add = Hinzufügen
rename = Umbenennen
remove = Entfernen
remove-text = Das Board vergisst die Person mit allen Merkmalen. Einträge im Protokoll bleiben.
sure = Ja, diese Person entfernen
not-sure = Nichts wurde entfernt: bestätigen Sie zuerst, dass Sie sicher sind.

kind = Art
all-kinds = alle
words = Wörter
filter = Filtern
verify = Kette prüfen
export = Exportieren, signiert
entries-count = { $count ->
    [one] 1 Eintrag der neuesten { $most }
   *[other] { $count } Einträge der neuesten { $most }
}
log-whole = { $count ->
    [one] 1 Eintrag: er wurde nicht verändert.
   *[other] { $count } Einträge: keiner verändert, keiner fehlt dazwischen.
}
log-broken = Das Protokoll ist nicht ganz: { $finding }

set-liveness = Lebendigkeit
liveness-text = passive: das Gesicht muss aussehen und sich bewegen wie ein lebendes. challenge: die Person muss sich auch auf Anforderung bewegen. off: ein Foto öffnet die Tür.
set-matching = Vergleich
matching-text = identify: das Gesicht wird mit allen verglichen. verify: nur mit der Person der getippten PIN.
set-agreement = Bilder in Folge, die übereinstimmen müssen
set-open = Öffnungszeit, Millisekunden
set-failures = Fehlversuche bis zur Sperre einer Person
set-lockout = Erste Sperre, Sekunden
set-passback = Niemand tritt zweimal ein innerhalb von, Sekunden (0: keine Grenze)
set-pin = Zeit für eine PIN, Sekunden
set-held = Alarm für offene Tür nach, Sekunden (0: keiner)
set-zone = Zeitzone der Tür (leer: bleibt)
set-zone-now = Jetzt
set-fail-safe = Ruhestromschloss: es öffnet ohne Strom
changed-meanwhile = { $field }: das hat inzwischen jemand anders geändert, jetzt gilt { $now }. Nichts wurde gespeichert: sehen Sie diese Seite an und wiederholen Sie Ihre Änderung.
no-choice = { $field }: wählen Sie eines der Wörter der Liste.
out-of-range = { $field }: das muss { $least } bis { $most } sein.
models = Modelle und Firmware
firmware = Firmware
no-models = Es gibt noch keine Modelle: die Tür bleibt verriegelt.
models-only = Modelle
flash-text = Ein Modell wird von diesem Rechner signiert. Das alte bleibt aktiv, bis das neue vollständig ist. Ein anderer Encoder sperrt alle Erfassten aus, bis jeder neu erfasst ist: Behalten Sie den des Boards, oder beginnen Sie mit postern-128, dem des Projekts.
flash-leave = so lassen
flash-models = Diese Modelle installieren
flash-nothing = Kein Modell ist gewählt: wählen Sie mindestens eines.
flash-unknown = Dieser Rechner hat kein solches Modell: { $name }. `postern compile` erzeugt es.
back = Zurück zu den Modellen von vorher
back-text = Das Protokoll des Boards weiß, welches Modell vorher aktiv war. Dieser Rechner signiert es neu, mit einer neuen Release-Nummer, denn das Board nimmt keine zweimal.
back-none = Das Protokoll kennt kein anderes Modell, das vorher aktiv war.
back-to = Zurück zu { $name }
back-elsewhere = Vorher war das Modell mit dem Hash { $hash } aktiv. Dieser Rechner hat sein Abbild nicht und kann deshalb nicht dorthin zurück: Installieren Sie es dort, wo es ist.
no-way-back = Einen Knopf zurück zu einem älteren Release gibt es nicht: Das Board weist jedes Release unter { $newest } ab, damit niemand eine geschlossene Sicherheitslücke zurückbringt. Von einem Release, das nicht gut läuft, kehrt es von selbst zurück. Um dennoch ältere Firmware zu betreiben, signieren Sie sie als neues Release: `postern flash firmware DATEI`.
flash-begins = Es beginnt …
flash-last = Übertragung
flash-goes-on = Das Board wird beschrieben.
flash-keep-power = Lassen Sie es am Strom. Sie können diese Seite verlassen; andere Seiten kommen danach wieder.
flash-done = Fertig.
flash-failed = Was nicht als aktiv aufgeführt ist, ist wie vorher.
flash-waiting = wartet
flash-sending = { $done } von { $all } KiB, { $percent } %
flash-trying = das Board erprobt jetzt Release { $release }
flash-active = aktiv
flash-skipped = übersprungen, es ist schon da
version = Version
release = Release
slot = Platz
pending = Release in Erprobung
by-package = Das Programm einer Tür unter Linux wird durch sein Paket aktualisiert, mit apt, und nicht über die Leitung.
firmware-text = Dieser Rechner hat { $file }. Sie wird mit der nächsten Release-Nummer signiert. Das Board erprobt sie und kehrt von selbst zurück, wenn sie nicht gut läuft.
no-fallback = Nie auf ein älteres Release zurückfallen (für eines, das eine Sicherheitslücke schließt)
flash-firmware = Firmware aktualisieren

certainty-now = Die Tür lässt höchstens einen Fremden von { $rate } hinein.
threshold-now = Ein Treffer braucht eine Ähnlichkeit von { $threshold }.
rate = Falschakzeptanzrate
laxer = lockerer
stricter = strenger
strangers = Fremde, die es am Tag versuchen
show = Zeigen
so-many-a-day = { $count } am Tag
every-day = einer jeden Tag
every-days = einer alle { $count } Tage
every-months = einer alle { $count } Monate
every-years = { $count ->
    [one] einer im Jahr
   *[other] einer alle { $count } Jahre
}
means-rate = Höchstens ein Fremder von { $rate } wird eingelassen.
means-visits = { $count ->
    [one] Bei einem Fremden, der es am Tag versucht, ist das höchstens { $after }.
   *[other] Bei { $strangers } Fremden, die es am Tag versuchen, ist das höchstens { $after }.
}
means-threshold = Mit { $templates ->
    [one] dem einen Merkmal
   *[other] den { $templates } Merkmalen
} dieses Boards braucht ein Treffer eine Ähnlichkeit von { $threshold }.
basis-measured = Das ist gemessen.
basis-modelled = Das ist modelliert: die Tabelle des Encoders wurde durch eine Anpassung fortgesetzt.
basis-unproven = Das ist durch nichts belegt: die Tabelle des Encoders reicht nicht so weit, und das Board erfasst niemanden, außer die Einstellungen nehmen das hin.
no-table = Dieser Rechner hat das Abbild des Encoders nicht; die Schwelle ist vor dem Setzen nicht bekannt.
not-told = Eine strengere Rate weist erfasste Personen öfter ab. Wie oft, weiß dieser Rechner nicht: `postern eval pairs --write-misses` misst es.
means-misses = Von 100 Blicken erfasster Personen passen etwa { $count } nicht, und die Tür sieht noch einmal hin.
misses-of = Gemessen an { $of }; ein Foto war erfasst. Mehr Fotos einer Person senken das.
missed = Verfehlt von 100
det = Verfehlte von 100 Blicken erfasster Personen, von keinem unten an aufwärts, gegen einen falschen Treffer in so vielen Vergleichen. Der Punkt ist die Rate oben.
use-rate = Diese Rate verwenden
no-rate = Das Formular hat keine Rate: wählen Sie eine mit dem Regler.
table = Die Tabelle des Encoders
table-text = Schwellen, bei denen ein Vergleich zweier verschiedener Personen von so vielen trifft, mit dem oberen Ende des 95-%-Bandes dieser Zahl, das das Board verwendet. „Gemessen“ wurde an Paaren von Bildern gezählt; „modelliert“ setzt die Tabelle durch eine Anpassung fort, wo es zu wenige Paare zum Zählen gab.
one-in = Einer von
trial-open = Vor einer Kamera versuchen
trial = Versuch
trial-text = Wer vor einer Kamera steht, wird mit allen Erfassten verglichen. Der Balken ist die Ähnlichkeit zur ähnlichsten Person, der Strich das, was ein Treffer braucht. Durch einen Versuch öffnet sich keine Tür. Vor der Kamera der Tür arbeitet diese weiter und lässt ein, wer hineindarf.
trial-cost = Jeder Blick ist ein Eintrag im Protokoll; ein Versuch hat höchstens { $looks }.
trial-steps = Genaue Ähnlichkeiten sagt das Board nur einem Errichter. Ein Betreiber erfährt die Stufe von einem Sechzehntel, in der sie liegen.
trial-nobody = Niemand ist erfasst, also gibt es niemanden zum Vergleichen.
trial-live = Vor einer Kamera
trial-script = Ohne Skripte gibt es keinen laufenden Versuch: Vergleichen Sie unten ein Foto.
trial-browser = Die Kamera dieses Rechners
trial-door = Die Kamera der Tür
trial-look = Blick
trial-stop = Anhalten
trial-denied = Der Browser gibt die Kamera nicht frei: Erlauben Sie sie neben der Adresse, und drücken Sie den Knopf noch einmal. Oder vergleichen Sie ein Foto.
trial-none = Dieser Rechner hat keine Kamera, die der Browser benutzen kann: Nehmen Sie die der Tür oder ein Foto.
trial-over = Der Versuch ist vorbei: Drücken Sie einen Knopf für einen weiteren.
trial-photo = Ein Foto
trial-file = Foto
trial-compare = Vergleichen
trial-busy = Das Board vergleicht …
trial-numbers = Die Ähnlichkeit ist { $similarity }, nötig ist { $needed }.
trial-match = Ein Treffer: { $name }.
trial-no-match = Kein Treffer; am ähnlichsten ist { $name }.
trial-lifeless = Es wäre { $name }, aber das Board sagt: „{ $reason }“.
estimate = Schätzung
upper-end = Oberes Ende
known = Bekannt
measured = gemessen
modelled = modelliert

this-computer = (dieser Rechner)
role-auditor = Prüfer
auditor-text = Ein Prüfer liest Personen, Einstellungen und Protokoll.
role-operator = Betreiber
operator-text = Ein Betreiber erfasst und entfernt auch Personen.
role-installer = Errichter
installer-text = Ein Errichter darf alles.
is-guest = dieser Rechner ist nicht gekoppelt
is-paired = dieser Rechner: { $role }
role-none = nicht gekoppelt
lacks-role = Das braucht die Rolle { $need }; dieser Rechner ist { $role }. Ein Errichter lädt Rechner mit ihrer Rolle ein.
board-zone = Zone des Boards
board-clock = Seine Uhr
role = Rolle
no-role = Diese Rolle gibt es nicht: wählen Sie eine der Liste.
forget = Vergessen
sure-forget = Ja, vergessen
forgotten = Das Board hat diesen Rechner vergessen.
invite = Einladen
invite-text = Fünf Minuten lang darf ein weiterer Rechner sich mit dieser Rolle koppeln.
invited = Fünf Minuten lang darf `postern pair --role { $role }` einen weiteren Rechner koppeln. Eine Tür hat eine Leitung: Beenden Sie solange `postern bridge` und `postern fleet apply` dieser Tür, und verlassen Sie ihre Seite Tür in dieser Konsole. Führen Sie den Befehl dann dort aus, mit --device und der Adresse der Tür, wenn das Board nicht an diesem Rechner ist, drücken Sie die Kopplungstaste, geben Sie dort den Code ein, und halten Sie die Taste zwei Sekunden lang.

pair-text = Die Kopplung macht diesen Rechner beim Board bekannt. Der erste Rechner ist der Errichter, und vorher nimmt das Board keine andere Rolle; ein Errichter lädt dann auf der Seite Rechner die anderen ein.
pair-begin = Beginnen
pair-asking = Das Board wird gefragt …
pair-press = Drücken Sie innerhalb einer Minute die Kopplungstaste des Boards: es zeigt dann einen Code. Zeigt es schon einen, drücken Sie nicht.
pair-type = Geben Sie den Code ein, den das Board zeigt. Eine Tür unter Linux schreibt ihn in ihr Protokoll. Dieser Rechner vergleicht ihn mit seinem eigenen.
pair-typed = Vergleichen
pair-compare = Die Codes sind gleich. Gleich zählt das Board die Taste.
pair-confirm = Die Codes sind gleich: Halten Sie die Kopplungstaste zwei Sekunden lang gedrückt, solange das Board den Code zeigt. Ein kürzerer Druck beendet die Kopplung; wer nichts tut, koppelt nichts.
press-pairing = Kopplungstaste drücken
hold-pairing = Kopplungstaste gedrückt halten
press-pairing-text = Diese Taste ist für Boards, die auf diesem Rechner laufen. Ein echtes Board hat seine eigene.
this-shows = Dieser Rechner
board-shows = Das Board
paired-as = Dieser Rechner ist gekoppelt als { $role }.
