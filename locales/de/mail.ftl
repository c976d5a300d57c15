# Mails über Abonnements. Die Sätze des Problems selbst kommen zwischen den zweiten und den dritten Absatz.

mail-greeting = Guten Tag,
mail-look = Zu sehen hier: { $page }
mail-why =
    Sie erhalten diese Mail, weil Sie das Projekt { $project } mit dem Datensatz { $dataset } aktuell halten.
    Alle Ihre Abonnements: { $subscriptions }
    Dieses beenden: { $unsubscribe }

mail-sign-in-subject = Bitte neu anmelden: Version { $version } von { $dataset } wartet
mail-sign-in = Version { $version } des Datensatzes { $dataset } ist erschienen und soll in Ihr Projekt { $project }. Sie wartet, weil Ihre Anmeldung abgelaufen ist. Melden Sie sich einmal an, dann geht es von selbst weiter.

mail-service-sign-in-subject = Das Dienstkonto muss angemeldet werden: Version { $version } von { $dataset } wartet
mail-service-sign-in = Version { $version } des Datensatzes { $dataset } ist erschienen und soll in das Projekt { $project }. Sie wartet, weil die Anmeldung des Dienstkontos, das sie importiert, abgelaufen ist.

mail-paused-subject = Ihr Projekt wird nicht mehr mit { $dataset } aktuell gehalten
mail-paused = Neue Versionen des Datensatzes { $dataset } kommen nicht mehr in Ihr Projekt { $project }, bis Sie das Abonnement weiterlaufen lassen.

mail-failed-subject = Version { $version } von { $dataset } ist nicht angekommen
mail-failed = Version { $version } des Datensatzes { $dataset } konnte nicht in Ihr Projekt { $project } gebracht werden. Spätere Versionen werden wieder versucht.

mail-arrived-subject = Version { $version } von { $dataset } ist angekommen
mail-arrived = Version { $version } des Datensatzes { $dataset } ist in Ihrem Projekt { $project }.
