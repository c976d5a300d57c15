# Die Seite der Abonnements.

subscriptions-title = Ihre Abonnements
subscriptions-none = Sie halten noch kein Projekt mit einem Datensatz aktuell.
subscriptions-paused = Pausiert: Neue Versionen kommen nicht ins Projekt.
subscriptions-version = Version
subscriptions-noticed = Bemerkt
subscriptions-outcome = Was daraus wurde
subscriptions-open = unterwegs
subscriptions-arrived = angekommen
subscriptions-failed = nicht angekommen
subscriptions-superseded = übersprungen für eine neuere
subscriptions-cancelled = abgebrochen
subscriptions-metadata-only = nur die Beschreibung änderte sich; die Dateien sind da
subscriptions-followed = die verknüpften Daten folgen; nicht in Ihrem Namen nachgesehen, denn Ihre Anmeldung ist vorbei
subscriptions-pause = Pausieren
subscriptions-resume = Weiterlaufen lassen
subscriptions-end = Abonnement beenden
subscriptions-new = Ein Projekt aktuell halten
subscriptions-dataset = Datensatz (DOI oder Adresse)
subscriptions-project = Projekt (Adresse)
subscriptions-renku = Ziel-Renku
subscriptions-subscribe = Aktuell halten
subscriptions-unsubscribe-title = Dieses Abonnement beenden?
subscriptions-unsubscribe-question = Neue Versionen von { $dataset } kommen nicht mehr nach { $project }. Was dort ist, bleibt.
subscriptions-ended-title = Das Abonnement ist beendet
subscriptions-ended = Sie bekommen dazu keine Mail mehr. Was importiert wurde, bleibt im Projekt.
subscriptions-how = Setzen Sie beim Importieren den Haken „Dieses Projekt aktuell halten“, oder sagen Sie unten, was womit aktuell bleiben soll.
subscriptions-state-active = Aktiv
subscriptions-state-paused = Pausiert
subscriptions-active-copies = Jede neue Version kommt ins Projekt, neben die anderen.
subscriptions-active-follows = Die Daten folgen jeder neuen Version von selbst; hier lesen Sie, wann sie kam.
subscriptions-owner = Importiert im Namen von { $name }
subscriptions-served-by = Importiert mit der Anmeldung von { $name }, dem Dienstkonto
subscriptions-made-by = Eingerichtet von { $name }
subscriptions-service = Über das Dienstkonto ({ $name }) importieren: Das geht weiter, auch wenn Sie abwesend sind oder nicht mehr hier arbeiten. Bei Renku 1 muss sich das Dienstkonto mindestens einmal in der Woche dort anmelden.
subscriptions-deaccessioned = Der Datensatz wurde aus seinem Repositorium zurückgezogen; bemerkt haben wir es am { $date }. Was importiert wurde, bleibt im Projekt.
subscriptions-ledger = Die Versionen und was aus ihnen wurde
subscriptions-pause-this = Pausieren: { $title }
subscriptions-resume-this = Weiterlaufen lassen: { $title }
subscriptions-end-this = Abonnement beenden: { $title }
subscriptions-at-once = Die jetzige Version wird gleich importiert und jede neue von selbst.

# Auf den Seiten vor und nach einem Import.

keep-legend = Von jetzt an
keep-title = Dieses Projekt aktuell halten
keep-kept = Dieses Projekt wird mit dem Datensatz aktuell gehalten
keep-see = Ansehen, was wann kam
keep-core = Renku 1 kopiert die Dateien und kann einen Datensatz nicht erneuern: Jede neue Version kommt neben die anderen, unter einem Namen, der sie trägt.
keep-core-needs = Wir tun das in Ihrem Namen, während Sie weg sind. Dafür werden Sie noch einmal um Erlaubnis gefragt, und Renku 1 selbst muss Sie kürzlich angemeldet gesehen haben, binnen eines Tages bis einer Woche.
keep-core-told = Wenn nicht, wartet die neue Version auf Ihre Anmeldung; Sie sehen es hier unter „Abonnements“.
keep-core-told-by-mail = Wenn nicht, wartet die neue Version auf Ihre Anmeldung, und Sie bekommen eine Mail.
keep-data = Renku 2 verknüpft den Datensatz: In neuen Sitzungen folgen die Daten jeder neuen Version von selbst, von Ihnen wird nichts gebraucht. Wir prüfen die Verknüpfung bei jeder neuen Version und halten fest, wann sie kam.
keep-lasting = Ein Schritt noch: Lassen Sie uns für Sie bei { $renku } arbeiten, während Sie weg sind. Ohne das wartet jede neue Version, bis Sie sich anmelden.
keep-lasting-do = Erlauben
