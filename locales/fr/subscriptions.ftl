# La page des abonnements.

subscriptions-title = Abonnements
subscriptions-none = Vous ne tenez encore aucun projet à jour avec un jeu de données.
subscriptions-paused = En pause : les nouvelles versions n'arrivent pas dans le projet.
subscriptions-version = Version parue
subscriptions-noticed = Remarquée le
subscriptions-outcome = Ce qu'elle est devenue
subscriptions-open = en route
subscriptions-arrived = arrivée
subscriptions-failed = pas arrivée
subscriptions-superseded = remplacée par une plus récente
subscriptions-cancelled = annulée
subscriptions-metadata-only = seule la description a changé ; les fichiers sont là
subscriptions-followed = les données reliées suivent ; pas vérifié en votre nom, votre connexion ayant pris fin
subscriptions-pause = Mettre en pause
subscriptions-resume = Reprendre
subscriptions-end = Se désabonner
subscriptions-new = Tenir un projet à jour
subscriptions-dataset = Jeu de données (DOI ou adresse)
subscriptions-project = Projet (adresse)
subscriptions-renku = Renku de destination
subscriptions-subscribe = Tenir à jour
subscriptions-unsubscribe-title = Mettre fin à cet abonnement ?
subscriptions-unsubscribe-question = Les nouvelles versions de { $dataset } n'arriveront plus dans { $project }. Ce qui s'y trouve reste.
subscriptions-ended-title = L'abonnement a pris fin
subscriptions-ended = Vous ne recevrez plus de courrier à ce sujet. Ce qui a été importé reste dans le projet.
subscriptions-how = Cochez « Tenir ce projet à jour » en important un jeu de données, ou dites ci-dessous quoi tenir à jour avec quoi.
subscriptions-state-active = Actif
subscriptions-state-paused = En pause
subscriptions-active-copies = Chaque nouvelle version arrive dans le projet, à côté des autres.
subscriptions-active-follows = Les données suivent d'elles-mêmes chaque nouvelle version ; ici vous lisez quand elle est venue.
subscriptions-owner = Importé au nom de { $name }
subscriptions-served-by = Importé avec la connexion de { $name }, le compte de service
subscriptions-made-by = Demandé par { $name }
subscriptions-service = Importer avec le compte de service ({ $name }) : cela continue en votre absence, et même après votre départ. Avec Renku 1, le compte de service doit s'y connecter au moins une fois par semaine.
subscriptions-deaccessioned = Le jeu de données a été retiré de son dépôt ; nous l'avons remarqué le { $date }. Ce qui a été importé reste dans le projet.
subscriptions-ledger = Les versions et ce qu'elles sont devenues
subscriptions-pause-this = Mettre en pause : { $title }
subscriptions-resume-this = Reprendre : { $title }
subscriptions-end-this = Se désabonner : { $title }
subscriptions-at-once = La version actuelle est importée tout de suite, et chaque nouvelle d'elle-même.

# Sur les pages avant et après une importation.

keep-legend = À partir de maintenant
keep-title = Tenir ce projet à jour
keep-kept = Ce projet est tenu à jour avec le jeu de données
keep-see = Voir ce qui est venu quand
keep-core = Renku 1 copie les fichiers et ne sait pas renouveler un jeu de données : chaque nouvelle version vient à côté des autres, sous un nom qui la porte.
keep-core-needs = Nous le faisons en votre nom pendant votre absence. Pour cela, on vous demande encore une fois de le permettre, et Renku 1 doit lui-même vous avoir vu connecté récemment, d'un jour à une semaine.
keep-core-told = Sinon, la nouvelle version attend que vous vous connectiez ; vous le voyez ici sous « Abonnements ».
keep-core-told-by-mail = Sinon, la nouvelle version attend que vous vous connectiez, et vous recevez un courriel.
keep-data = Renku 2 relie le jeu de données : dans les nouvelles sessions, les données suivent d'elles-mêmes chaque nouvelle version, rien ne vous est demandé. Nous vérifions le lien à chaque nouvelle version et notons quand elle est venue.
keep-lasting = Encore un pas : laissez-nous travailler pour vous auprès de { $renku } pendant votre absence. Sans cela, chaque nouvelle version attend que vous vous connectiez.
keep-lasting-do = Le permettre
