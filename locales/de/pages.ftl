# Die wenigen Seiten für Menschen.

page-title = Datensätze in Renku importieren
page-intro = Öffnen Sie in Ihrem Repositorium einen Datensatz und wählen Sie „In Renku importieren“. Sie melden sich einmal an, dann laufen Ihre Importe von selbst.
page-signed-in-as = Sie sind bei { $renku } als { $name } angemeldet.
page-sign-in-at = Bei { $renku } anmelden
page-sign-out = Abmelden
page-disconnect = Verbindung trennen: meine Anmeldung widerrufen und hier löschen
page-home = Zurück zum Anfang
page-device-title = Bestätigen Sie Ihre Anmeldung
page-device-intro = Öffnen Sie die Anmeldeseite, geben Sie diesen Code ein und bestätigen Sie. Diese Seite geht von selbst weiter.
page-device-link = Anmeldeseite öffnen
