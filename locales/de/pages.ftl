# Seiten für Menschen: der Rahmen, die Startseite, die Anmeldung. Importe und Konto haben ihre Teile weiter unten.

## Der Rahmen

page-product = Dataverse-Renku-Konnektor
page-skip = Zum Inhalt springen
page-nav = Hauptnavigation
page-nav-imports = Meine Importe
page-nav-subscriptions = Abonnements
page-nav-account = Konto
page-languages = Sprache
page-details = Einzelheiten
page-code = Problemcode:
page-home = Zurück zum Anfang
page-reload = Diese Seite neu laden

## Die Startseite

page-title = Datensätze in Renku importieren
page-intro = Dieser Dienst bringt einen Datensatz aus Ihrem Repositorium in Ihr Renku-Projekt und prüft danach, ob er angekommen ist.
page-greeting = Sie sind als { $name } angemeldet.
page-see-imports = Meine Importe ansehen
page-how = So geht es
page-how-open = Öffnen Sie in Ihrem Repositorium einen Datensatz und wählen Sie „Import into Renku“.
page-how-choose = Melden Sie sich einmal an und wählen Sie das Projekt.
page-how-see = Sehen Sie zu, wie er ankommt, oder schließen Sie die Seite: Der Import läuft von selbst weiter.

## Die Anmeldung

page-sign-in = Anmelden
page-sign-in-at = Bei { $renku } anmelden
page-choose-renku = Bei welchem Renku möchten Sie sich anmelden?
page-device-title = Bestätigen Sie Ihre Anmeldung
page-device-intro = Öffnen Sie die Anmeldeseite, auf diesem Gerät oder auf Ihrem Telefon, und prüfen Sie, ob sie diesen Code zeigt.
page-device-code = Ihr Code
page-device-link = Anmeldeseite öffnen
page-device-qr = QR-Code mit der Adresse der Anmeldeseite
page-device-waiting = Wartet auf Ihre Bestätigung. Diese Seite geht von selbst weiter.

## Ein Import

import-progress = Verlauf
import-facts = Was importiert wird
import-timeline = Alles, was geschehen ist
import-project = Projekt
import-renku = Renku
import-version = Version
import-files = Dateien
import-files-and-size = { $count ->
    [one] { $count } Datei, { $size }
   *[other] { $count } Dateien, { $size }
}
import-name = Name im Projekt
import-asked-for = Gewünscht am
import-reference = Referenznummer
import-copy = Kopieren
import-copied = Die Referenznummer ist kopiert.
import-may-close = Sie können diese Seite schließen. Der Import läuft weiter, und Sie finden ihn unter „Meine Importe“ wieder.
import-queue = Importe in dasselbe Renku kommen der Reihe nach dran. Ihrer beginnt, sobald er an der Reihe ist.
import-slow = Das dauert länger als gewöhnlich
import-slow-why = Bisher ist nichts misslungen. Vielleicht hat Renku viel zu tun, oder die Dateien sind groß.
import-retries = Im Augenblick steht etwas im Weg
import-retries-at = Nächster Versuch von selbst: { $time }.
import-looks = Das Repositorium zeigt den Datensatz noch nicht
import-looks-at = Wir sehen wieder nach: { $time }.
import-try-now = Jetzt versuchen
import-try-again = Noch einmal versuchen
import-change = Etwas ändern und noch einmal versuchen
import-cancel = Abbrechen
import-cancelled = Der Import wurde abgebrochen. In Ihrem Projekt wurde nichts geändert.
import-cancelled-left = Der Import wurde abgebrochen. Renku hatte schon begonnen und lässt sich nicht anhalten: Der Datensatz kann trotzdem noch in Ihrem Projekt erscheinen.
import-parked = Er wurde lange versucht und ist nun zurückgestellt.
import-see-newer = Den neueren Import ansehen
import-sign-in-here = Melden Sie sich neu an, dann geht es von selbst weiter
import-sign-in-renku = Melden Sie sich einmal in Renku an, dann geht es weiter
import-signed-in = Ich bin angemeldet: weitermachen
import-compared = { $found } von { $expected } Dateien des Repositoriums wurden gefunden; verglichen wurden { $compared }.
import-other-version = Inzwischen gab es eine neuere Version: Angekommen ist { $version }.
import-merge = Der Hauptbranch Ihres Projekts ist geschützt. Führen Sie den Branch { $branch } zusammen, um den Datensatz dort zu haben.
import-next-pull = In einer laufenden Sitzung sehen Sie ihn nach „git pull“; neue Sitzungen haben ihn von Anfang an.
import-linked = Das Projekt ist mit dem Datensatz verknüpft. Nichts wurde kopiert: Sitzungen lesen die Dateien aus dem Repositorium.
import-link-unreadable = Renku konnte die Dateien gerade nicht auflisten. Vielleicht sind manche geschlossen, oder das Repositorium hat nicht geantwortet.
import-link-folder = In einer Sitzung liegen die Dateien im Ordner { $folder }.
import-undo = Verknüpfung aus dem Projekt nehmen
import-undone = Die Verknüpfung wurde wieder entfernt
import-undone-at = Sie ist nicht mehr im Projekt seit: { $time }.
import-next-session = Starten Sie eine neue Sitzung des Projekts, um ihn zu sehen; laufende Sitzungen bekommen ihn nicht.
import-open = In Renku öffnen
import-missing = Dateien, die nicht gefunden wurden
import-words = Was das andere System gesagt hat
import-other-name = Anderen Namen wählen
import-allow-migration = Migration erlauben
import-other-project = Anderes Projekt wählen

## Seine Abschnitte

stage-queued = Wartet, bis er an der Reihe ist
stage-submitting = Wird Renku übergeben
stage-running = Renku holt die Dateien
stage-running-link = Renku verknüpft das Projekt mit dem Datensatz
stage-verifying = Wird mit dem Repositorium verglichen
stage-verifying-link = Wird im Projekt geprüft
stage-done = Fertig: { $time }
stage-since = Seit: { $time }
stage-stopped = Angehalten: { $time }
stage-later = Noch nicht begonnen
stage-never = Nicht erreicht

## Noch einmal wünschen

again-title = Anders importieren
again-project = Adresse des Projekts
again-name = Name im Projekt
again-name-hint = Leer lassen, um einen aus dem Titel des Datensatzes zu bekommen.
again-migrate = Renku darf das Projekt auf seinen jetzigen Stand bringen (migrieren), wenn es sein muss
again-start = Import starten
again-back = Zurück

## Meine Importe

list-title = Meine Importe
list-search = Titel oder Kennung
list-search-button = Suchen
list-groups = Welche Importe
list-all = Alle
list-under-way = Unterwegs
list-needs-you = Warten auf Sie
list-arrived = Angekommen
list-not-arrived = Nicht angekommen
list-none = Sie haben noch nichts importiert
list-nothing-found = Nichts gefunden
list-see-all = Alle Importe ansehen
list-pages = Seiten der Liste
list-newest = Neueste Importe
list-older = Ältere Importe
list-retry-this = Noch einmal versuchen: { $title }
list-cancel-this = Abbrechen: { $title }

## Das Konto

account-title = Konto
account-works = Anmeldung gilt
account-over = Anmeldung abgelaufen
account-disconnecting = Wird getrennt
account-nothing = Keine Anmeldung gespeichert
account-username = Benutzername
account-since = Angemeldet am
account-until = Endet am
account-until-unknown = Nicht bekannt: Sie wird bei jedem Gebrauch erneuert
account-first-seen = Zum ersten Mal hier
account-imports = Importe
account-imports-number = { $count ->
    [one] { $count } Import
   *[other] { $count } Importe
}
account-again = Neu anmelden
account-kept = Was von Ihnen gespeichert ist
account-kept-person = Ihr Name und Ihr Benutzername, wie die Anmeldung von Renku sie nennt.
account-kept-token = Ihre Anmeldung bei Renku, verschlüsselt, damit Importe weiterlaufen, während Sie fort sind.
account-kept-imports = Ihre Importe, was darin geschehen ist, und was Sie zuletzt gewählt haben.
account-kept-subscriptions = Was Sie aktuell halten, und dafür Ihre Mailadresse, wo Mails verschickt werden; das Trennen löscht die Adresse.
account-kept-not = Nicht gespeichert: Ihr Passwort und der Inhalt der Datensätze.
account-choices = Was Sie zuletzt gewählt haben
account-choices-what = Wenn Sie wieder von dort kommen, ist dieses Projekt schon ausgewählt.
account-forget = Vergessen
account-forget-this = Auswahl für { $repository } vergessen
account-browser = Dieser Browser
account-session = Sie bleiben hier angemeldet bis: { $time }.
account-sign-out = Abmelden
account-disconnect = Von Renku trennen

## Trennen

disconnect-title = Von Renku trennen?
disconnect-what = Was dann geschieht
disconnect-revoked = Ihre gespeicherte Anmeldung wird bei Renku widerrufen und hier gelöscht, für alle Browser.
disconnect-waiting = Laufende Importe halten an und warten, bis Sie sich neu anmelden.
disconnect-stays = Was importiert wurde, bleibt in Ihren Projekten, und die Liste Ihrer Importe bleibt hier.
disconnect-do = Trennen
disconnected-title = Sie sind getrennt
disconnected-what = Nichts verwendet mehr Ihre Anmeldung. Sie wird bei Renku widerrufen und hier gelöscht; antwortet Renku gerade nicht, versuchen wir es, bis es gelungen ist.
disconnected-back = Wenn Sie sich wieder anmelden, geht alles dort weiter, wo es war.
