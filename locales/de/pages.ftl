# Seiten für Menschen: der Rahmen, die Startseite, die Anmeldung. Importe und Konto haben ihre Teile weiter unten.

## Der Rahmen

page-product = Dataverse-Renku-Konnektor
page-skip = Zum Inhalt springen
page-nav = Hauptnavigation
page-nav-imports = Meine Importe
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
page-how-open = Öffnen Sie in Ihrem Repositorium einen Datensatz und wählen Sie „In Renku importieren“.
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
