# La page des abonnements.

subscriptions-title = Abonnements
subscriptions-none = Vous ne tenez encore aucun projet à jour avec un jeu de données.
subscriptions-active = Chaque nouvelle version arrive dans le projet.
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
subscriptions-pause = Mettre en pause
subscriptions-resume = Reprendre
subscriptions-end = Se désabonner
subscriptions-new = Tenir un projet à jour
subscriptions-honest = La version actuelle est importée tout de suite, et chaque nouvelle d'elle-même. Renku 1 copie : chaque version vient à côté des autres, sous un nom qui la porte, et vous devez vous être connecté à Renku récemment. Renku 2 relie : les données suivent d'elles-mêmes, rien ne vous est demandé.
subscriptions-dataset = Jeu de données (DOI ou adresse)
subscriptions-project = Projet (adresse)
subscriptions-renku = Renku de destination
subscriptions-subscribe = Tenir à jour
subscriptions-unsubscribe-title = Mettre fin à cet abonnement ?
subscriptions-unsubscribe-question = Les nouvelles versions de { $dataset } n'arriveront plus dans { $project }. Ce qui s'y trouve reste.
subscriptions-ended-title = L'abonnement a pris fin
subscriptions-ended = Vous ne recevrez plus de courrier à ce sujet. Ce qui a été importé reste dans le projet.
