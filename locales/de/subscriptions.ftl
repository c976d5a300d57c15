# Die Seite der Abonnements.

subscriptions-title = Ihre Abonnements
subscriptions-none = Sie halten noch kein Projekt mit einem Datensatz aktuell.
subscriptions-active = Jede neue Version kommt ins Projekt.
subscriptions-paused = Pausiert: Neue Versionen kommen nicht ins Projekt.
subscriptions-version = Fassung
subscriptions-noticed = Bemerkt
subscriptions-outcome = Was daraus wurde
subscriptions-open = unterwegs
subscriptions-arrived = angekommen
subscriptions-failed = nicht angekommen
subscriptions-superseded = übersprungen für eine neuere
subscriptions-cancelled = abgebrochen
subscriptions-metadata-only = nur die Beschreibung änderte sich; die Dateien sind da
subscriptions-pause = Pausieren
subscriptions-resume = Weiterlaufen lassen
subscriptions-end = Abonnement beenden
subscriptions-new = Ein Projekt aktuell halten
subscriptions-honest = Die jetzige Version wird gleich importiert und jede neue von selbst. Renku 1 kopiert: Jede Version kommt neben die anderen, unter einem Namen, der sie trägt, und Sie müssen kürzlich in Renku angemeldet gewesen sein. Renku 2 verknüpft: Die Daten folgen von selbst, von Ihnen wird nichts gebraucht.
subscriptions-dataset = Datensatz (DOI oder Adresse)
subscriptions-project = Projekt (Adresse)
subscriptions-renku = Ziel-Renku
subscriptions-subscribe = Aktuell halten
subscriptions-unsubscribe-title = Dieses Abonnement beenden?
subscriptions-unsubscribe-question = Neue Versionen von { $dataset } kommen nicht mehr nach { $project }. Was dort ist, bleibt.
subscriptions-ended-title = Das Abonnement ist beendet
subscriptions-ended = Sie bekommen dazu keine Mail mehr. Was importiert wurde, bleibt im Projekt.
