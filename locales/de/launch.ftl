# Vom Knopf im Repositorium bis zur Bestätigung.

launch-title = Einen Datensatz in Renku importieren
launch-back-to = Zurück zu { $repository }

## Der Datensatz

launch-repository = Repositorium
launch-authors = Autorinnen und Autoren
launch-authors-more = { $names }; und { $count } weitere
launch-version = Version
launch-version-of = { $version }, veröffentlicht am { $date }
launch-licence = Lizenz
launch-no-licence = Eigene Bedingungen; siehe die Seite des Datensatzes
launch-pid = Kennung
launch-data = Dateien
launch-files = { $count ->
    [0] keine
    [one] 1 Datei, { $size }
   *[other] { $count } Dateien, { $size }
}
launch-newer-draft = Sie haben einen Entwurf angesehen. Importiert werden kann nur die veröffentlichte Version.

## Das Renku

launch-to = Nach { $renku }
launch-ways = Wohin importiert wird
launch-way-core = { $renku }, kopiert (Renku 1)
launch-way-data = { $renku }, verknüpft (Renku 2)
launch-core-copies = Renku kopiert die Dateien in Ihr Projekt. Das dauert eine Minute bis eine halbe Stunde; Sie brauchen nicht darauf zu warten.
launch-data-links = Kopiert wird nichts: Renku verknüpft den Datensatz mit Ihrem Projekt, und Sitzungen lesen die Dateien aus dem Repositorium.
launch-data-latest = Eine Sitzung bekommt immer die zuletzt veröffentlichte Version.
launch-data-session = Laufende Sitzungen sehen ihn nicht: starten Sie nach dem Import eine neue.
launch-no-renku = Zurzeit ist kein Renku erreichbar
launch-no-renku-remedy = Laden Sie diese Seite in einer Minute neu. Sie wird eine Stunde aufbewahrt.
launch-forbids = Dieser Datensatz kann nicht in { $renku } importiert werden
launch-warns = Gut zu wissen vor dem Import
launch-sign-in-why = Melden Sie sich bei { $renku } an, um Ihre Projekte zu sehen. Diese Seite wird so lange aufbewahrt, höchstens eine Stunde.

## Das Projekt

launch-project = In welches Projekt?
launch-signed-in-as = Sie sind angemeldet als { $name }.
launch-search = In Ihren Projekten suchen
launch-search-do = Suchen
launch-latest-first = Die zuletzt benutzten stehen oben.
launch-capped = Die { $count } zuletzt benutzten Projekte. Nach anderen können Sie suchen.
launch-found = Gefunden: { $count }
launch-filtered = Angezeigt: { $count }
launch-none = Kein Projekt gefunden, in das Sie schreiben dürfen. Legen Sie in Renku eines an und laden Sie dann diese Seite neu.
launch-none-found = Zu diesen Wörtern passt kein Projekt.
launch-show-all = Wieder alle zeigen
launch-unlisted = Ihre Projekte können nicht angezeigt werden.
launch-public = öffentlich
launch-internal = für alle Angemeldeten
launch-private = nicht öffentlich
launch-used-on = zuletzt benutzt am { $date }
launch-has = hat schon Version { $version }
launch-address = Oder fügen Sie die Adresse eines Projekts ein
launch-address-hint = Kopieren Sie sie aus dem Browser, während das Projekt in Renku offen ist. Was hier steht, gilt statt der Liste.
launch-choose-project = Wählen Sie ein Projekt oder fügen Sie die Adresse eines Projekts ein.
launch-new = Oder ein neues Projekt anlegen
launch-new-title = Name des neuen Projekts
launch-new-hint = Wenn hier ein Name steht, wird das Projekt angelegt und der Datensatz dorthin importiert.
launch-new-namespace = Wo es angelegt wird
launch-new-visibility = Wer es sehen darf
launch-new-private = Nur Mitglieder
launch-new-public = Alle
launch-new-or-address = Fügen Sie entweder eine Adresse ein oder nennen Sie ein neues Projekt, nicht beides.

## Die Bestätigung

launch-options = Name und Weiteres
launch-name = Name im Projekt
launch-name-hint = Wenn Sie das Feld leer lassen, heißt er { $name }
launch-migrate = Falls das Projekt mit einem älteren Renku angelegt wurde, es vorher auf den neuen Stand bringen
launch-import = Importieren
launch-cancel = Abbrechen
launch-nothing-imported = Noch wurde nichts importiert
launch-again = Ihre Anmeldung hat sich geändert, seit diese Seite geladen wurde. Bitte prüfen Sie die Auswahl und bestätigen Sie noch einmal.
