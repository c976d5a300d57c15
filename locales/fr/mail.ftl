# Courriers sur les abonnements. Les phrases du problème viennent entre le deuxième et le troisième paragraphe.

mail-greeting = Bonjour,
mail-look = À voir ici : { $page }
mail-why =
    Vous recevez ce message parce que vous tenez le projet { $project } à jour avec le jeu de données { $dataset }.
    Tous vos abonnements : { $subscriptions }
    Mettre fin à celui-ci : { $unsubscribe }

mail-sign-in-subject = Merci de vous reconnecter : la version { $version } de { $dataset } attend
mail-sign-in = La version { $version } du jeu de données { $dataset } est parue et doit aller dans votre projet { $project }. Elle attend, car votre connexion a pris fin. Connectez-vous une fois et tout continue tout seul.

mail-service-sign-in-subject = Le compte de service doit être connecté : la version { $version } de { $dataset } attend
mail-service-sign-in = La version { $version } du jeu de données { $dataset } est parue et doit aller dans le projet { $project }. Elle attend, car la connexion du compte de service, qui l'importe, a pris fin.

mail-paused-subject = Votre projet n'est plus tenu à jour avec { $dataset }
mail-paused = Les nouvelles versions du jeu de données { $dataset } n'arrivent plus dans votre projet { $project } jusqu'à ce que vous relanciez l'abonnement.

mail-failed-subject = La version { $version } de { $dataset } n'est pas arrivée
mail-failed = La version { $version } du jeu de données { $dataset } n'a pas pu être amenée dans votre projet { $project }. Les versions suivantes seront tentées à nouveau.

mail-arrived-subject = La version { $version } de { $dataset } est arrivée
mail-arrived = La version { $version } du jeu de données { $dataset } est dans votre projet { $project }.
