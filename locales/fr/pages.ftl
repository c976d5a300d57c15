# Les quelques pages destinées aux personnes.

page-title = Importer des jeux de données dans Renku
page-intro = Ouvrez un jeu de données dans votre entrepôt et choisissez « Importer dans Renku ». Connectez-vous une fois, et vos imports se font tout seuls.
page-signed-in-as = Vous êtes connecté·e à { $renku } en tant que { $name }.
page-sign-in-at = Se connecter à { $renku }
page-sign-out = Se déconnecter
page-disconnect = Se dissocier : révoquer ma connexion et l’effacer ici
page-home = Retour à l’accueil
page-device-title = Confirmez votre connexion
page-device-intro = Ouvrez la page de connexion, saisissez ce code et confirmez. Cette page continue toute seule.
page-device-link = Ouvrir la page de connexion
