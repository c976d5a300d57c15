# What the doctor says: the names of its checks, and what it says beside them. Problems are in problems.ftl.

## Checks

doctor-check-configuration = Konfiguration
doctor-check-key = Schlüssel zu gespeicherten Anmeldungen
doctor-check-store = Datenbank
doctor-check-broker = Warteschlange
doctor-check-management = Verwaltungsoberfläche von RabbitMQ
doctor-check-renku = Renku antwortet
doctor-check-discovery = Renku-Anmeldung
doctor-check-clock = Uhr
doctor-check-client = Dieser Dienst bei der Renku-Anmeldung
doctor-check-code-flow = Anmelden über den Browser
doctor-check-device-flow = Anmelden mit einem Code
doctor-check-gateway = Das Gateway von Renku nimmt diesen Dienst an
doctor-check-sign-in = Gespeicherte Anmeldung
doctor-check-person = Renku kennt die Person
doctor-check-project = Projekt der Person
doctor-check-service-person = Das Dienstkonto
doctor-check-dataverse = Dataverse antwortet
doctor-check-tool = Schaltfläche in Dataverse
doctor-check-signed-addresses = Signierte Adressen
doctor-check-workflow = Workflow nach der Veröffentlichung
doctor-check-resume-addresses = Adressen, die den Workflow fortsetzen dürfen

## Beside a mark

doctor-note-risky = Das ist erlaubt, sollte aber bekannt sein.
doctor-note-nothing-to-import = Solange keins konfiguriert ist, lässt sich nichts importieren.
doctor-note-not-yet = Noch nicht da: wird beim ersten Start angelegt.
doctor-note-queues-missing = Diese Warteschlangen gibt es noch nicht. Ein Worker legt sie beim Start an.
doctor-note-broker-old = Dieses RabbitMQ ist zu alt; dieser Dienst braucht 3.10 oder neuer.
doctor-note-management-unseen = Wo sie ist, ist nicht eingestellt (management_url im Abschnitt [queue]), darum wurde sie nicht gefragt. Ob sie eingeschaltet ist, sieht man auf dem Rechner des Brokers:
doctor-note-management-refused = Sie antwortet, lässt den Benutzer dieses Dienstes aber nicht hineinsehen. Nichts hängt davon ab. Was es ihm erlaubt:
doctor-note-management-silent = Sie antwortet dort nicht. Nichts hängt davon ab; mit ihr sieht man in die Warteschlangen. Auf dem Rechner des Brokers wird sie so eingeschaltet:
doctor-note-pkce-not-enforced = Das Anmelden geht. Keycloak ließe diesen Dienst auch ohne PKCE herein, was weniger sicher ist.
doctor-note-nobody-signed-in = Noch hat sich niemand angemeldet. Ob Renku die Token annimmt, zeigt sich erst dann: einmal anmelden und erneut aufrufen.
doctor-note-not-seen = Keycloak verrät nichts darüber, ohne es zu verbrauchen. Es zeigt sich beim nächsten Import.
doctor-note-not-fresh = Das gespeicherte Token ist abgelaufen oder älter als das, was bei Keycloak behoben wurde. Es wird beim nächsten Gebrauch erneuert, dann lässt sich Renku fragen.
doctor-note-project-unasked = Es gibt keine Anmeldung, mit der gefragt werden könnte. Einmal anmelden, oder --sign-in benutzen.
doctor-note-project-at-work = In diesem Projekt läuft ein Import, den jeder andere Aufruf stören könnte. Es wurde nicht angesehen; rufen Sie dies danach noch einmal auf.
doctor-note-announces-early = Vor Version 6.10 kann Dataverse eine Version melden, bevor es sie zeigt. Dieser Dienst wartet darauf.
doctor-note-signs-wrongly = Die Versionen 6.10 und 6.11 signieren Adressen mit Sonderzeichen falsch. Dieser Dienst verlangt keine solchen; andere Werkzeuge vielleicht.
doctor-note-tools-too-old = Dieses Dataverse hat keine brauchbaren Schaltflächen für Datensätze. Dafür braucht es Version 5.14 oder neuer.
doctor-note-tools-hidden = Vor Version 6.6 sieht man die Schaltfläche nur auf der Maschine des Dataverse. Dort sieht nach, wer es betreut:
doctor-note-proxy-before = Vor Version 6.10 scheitern signierte Adressen mit 401 hinter einem Proxy, der TLS beendet, es sei denn, er reicht https weiter (AJP). Scheitern Aufrufe, liegt es daran. Auf dem Rechner des Proxys findet man seine Einstellungen so:
doctor-note-proxy-header = Ob der Proxy vor Dataverse X-Forwarded-Proto sendet, sieht man von hier aus nicht. Scheitern Aufrufe mit 401, tut er es nicht. Auf dem Rechner des Proxys findet man seine Einstellungen so:
doctor-note-workflows-too-old = Dieses Dataverse kann Veröffentlichungen nicht brauchbar melden. Dafür braucht es Version 5.4 oder neuer.
doctor-note-no-workflow-secret = Veröffentlichungen werden diesem Dienst nicht gemeldet: workflow_secrets ist nicht gesetzt. Importe gehen trotzdem.
doctor-note-workflow-unseen = Den Workflow sieht man nur auf der Maschine des Dataverse. Dort sieht nach, wer es betreut:
doctor-note-resume-unseen = Die Adresse dieses Dienstes, wie Dataverse sie sieht, muss in dieser Liste stehen. Dort sieht nach, wer es betreut:
doctor-note-after-the-above = Nicht angesehen, weil davor etwas nicht stimmt.

## Around them

doctor-mend-with = Das behebt es:
doctor-sign-in-kcadm = Vor den kcadm.sh-Befehlen meldet sich ein Keycloak-Administrator einmal an:
doctor-all-well = Alles in Ordnung.
doctor-nothing-yet = Alles in Ordnung, aber noch lässt sich nichts importieren: ein Dataverse oder ein Renku ist nicht konfiguriert.
doctor-some-wrong = Etwas stimmt nicht.

## Registering

register-tool-missing = Die Schaltfläche ist noch nicht eingetragen.
register-tool-there = Die Schaltfläche ist eingetragen, wie sie soll. Nichts wurde geändert.
register-tool-differs = Die eingetragene Schaltfläche weicht von der ab, die dieser Dienst braucht:
register-tool-applied = Die Schaltfläche wurde registriert.
register-tool-removed = Die Schaltfläche wurde entfernt.
register-tool-would-go = Mit --apply würde die Schaltfläche entfernt:
register-tool-none = Keine Schaltfläche führt hierher. Nichts wurde geändert.
register-by-hand = Nichts wurde geändert. Mit --apply und einem api_token eines Superusers in der Konfiguration geschieht es von hier; oder durch einen Superuser:
register-on-the-host = Oder auf der Maschine des Dataverse, ohne Token:
register-old-dataverse = Vor Version 6.6 trägt man eine Schaltfläche nur auf der Maschine des Dataverse ein:
register-old-dataverse-remove = Vor Version 6.6 entfernt man eine Schaltfläche nur auf der Maschine des Dataverse. Vorher ihre id nachsehen:
register-undo = Um alles rückgängig zu machen:
register-workflow-without-secret = Der Workflow, der Veröffentlichungen meldet, bleibt beiseite: für dieses Dataverse sind keine workflow_secrets konfiguriert.
register-workflow-by-hand = Der Workflow, der Veröffentlichungen meldet, wird nur auf dem Rechner von Dataverse selbst registriert. Mit diesem Programm dort (erste Zeile) oder von Hand. Vorher nachsehen, ob es schon einen Standard-Workflow gibt, und die Adresse dieses Dienstes in die Liste aufnehmen, ohne andere zu entfernen:
register-workflow-remove-by-hand = Der Workflow wird nur auf dem Rechner von Dataverse selbst entfernt. Mit diesem Programm dort (erste Zeile) oder von Hand, wenn der Standard-Workflow unserer ist:
register-workflow-there = Der Workflow ist registriert, wie er sein soll. Es wurde nichts geändert.
register-workflow-differs = Der registrierte Workflow weicht von dem ab, den dieser Dienst braucht:
register-workflow-would = Mit --apply würde das getan:
register-workflow-applied = Der Workflow wurde registriert:
register-workflow-foreign = Ein anderer Workflow ist der Standard nach Veröffentlichungen. Er blieb, wie er ist; so erfährt dieser Dienst nichts von Veröffentlichungen. Dataverse führt nur einen aus: unseren Schritt dort einfügen oder --replace verwenden.
register-workflow-replaced = Der Standard-Workflow ist jetzt unserer. Um dem früheren seinen Platz zurückzugeben:
register-workflow-removed = Was am Workflow unseres ist, wird entfernt:
register-workflow-none = Es gibt keinen Workflow von uns. Es wurde nichts geändert.
register-resume-addresses = Die Adresse dieses Dienstes, wie Dataverse sie sieht, muss unter denen sein, die den Workflow fortsetzen dürfen. Mit --resume-address nennen, wenn sie nicht unter diesen ist:
register-device-client = Dieser Dienst nutzt einen Client, den Renkus Chart angelegt hat. Es ist nichts einzutragen.
register-client-json = Der Client, wie Keycloak ihn importiert (Realm Renku → Clients → Import client):
register-client-kcadm = Oder auf der Befehlszeile:
register-client-console = Oder von Hand: Clients → Create client → OpenID Connect, die Client ID → Next → Client authentication ein, nur Standard flow → Next → Valid redirect URIs → Save. Dann Client scopes → der auf -dedicated endet → Add mapper → By configuration → Audience, Included Client Audience renku, Add to access token ein → Save. Dann Advanced → Proof Key for Code Exchange Code Challenge Method S256 → Save. Das Geheimnis steht unter Credentials.
register-client-service = Für ein Dienstkonto, das sich auf dieser Maschine anmeldet (token get --store --service --port 8474), außerdem:

## Tokens

at-token-browser = Öffnen Sie diese Adresse in einem Browser auf dieser Maschine:
at-token-device = Öffnen Sie diese Adresse in einem Browser und geben Sie den Code ein:
at-token-close-window = Fertig. Sie können dieses Fenster schließen.
at-token-refused = Die Anmeldung wurde abgelehnt. Sie können dieses Fenster schließen; was geschah, steht dort, wo der Befehl läuft.
at-token-password = Passwort:
at-token-password-warning = Ein Passwort gehört auf die Seite von Keycloak. Ein Programm, das es annimmt, könnte es behalten, und der zweite Faktor entfällt. Nur für Tests.
at-token-got = Ein Token für
at-token-stored = Die Anmeldung von { $person } ist aufbewahrt; { $imports ->
    [0] kein Import hatte darauf gewartet.
    [one] { $imports } Import hatte darauf gewartet.
   *[other] { $imports } Importe hatten darauf gewartet.
}
at-token-service = Was Administratorinnen und Administratoren aktuell halten, importiert von nun an
at-token-service-before = und nicht mehr
at-token-client-id = Ist der Name nach --client-id vertippt? Er lautet:
at-token-signature-fine = Die Signatur ist die des Realms.
at-token-signature-wrong = Die Signatur ist nicht die des Realms.
at-token-signature-unseen = Die Signatur ließ sich nicht prüfen: die Schlüssel des Realms sind nicht lesbar.
at-token-door-python = Renku 1 hinter dem Python-Gateway (Charts bis 0.56)
at-token-door-go = Renku 1 hinter dem Go-Gateway (Charts ab 0.57)
at-token-door-data = Renku 2 (Datendienste)
