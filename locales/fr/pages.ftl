# Les pages destinées aux personnes : le cadre, l’accueil, la connexion. Les imports et le compte ont leurs parties plus bas.

## Le cadre

page-product = Connecteur Dataverse–Renku
page-skip = Aller au contenu
page-nav = Navigation principale
page-nav-imports = Mes imports
page-nav-account = Compte
page-languages = Langue
page-details = Détails
page-code = Problème :
page-home = Retour à l’accueil
page-reload = Recharger cette page

## L’accueil

page-title = Importer des jeux de données dans Renku
page-intro = Ce service transfère un jeu de données de votre entrepôt vers votre projet Renku, puis vérifie qu’il est bien arrivé.
page-greeting = Vous êtes connecté·e en tant que { $name }.
page-see-imports = Voir mes imports
page-how = Comment ça marche
page-how-open = Ouvrez un jeu de données dans votre entrepôt et choisissez « Importer dans Renku ».
page-how-choose = Connectez-vous une fois, puis choisissez le projet.
page-how-see = Suivez son arrivée, ou fermez la page : l’import continue tout seul.

## La connexion

page-sign-in = Se connecter
page-sign-in-at = Se connecter à { $renku }
page-choose-renku = À quel Renku voulez-vous vous connecter ?
page-device-title = Confirmez votre connexion
page-device-intro = Ouvrez la page de connexion, sur cet appareil ou sur votre téléphone, et vérifiez qu’elle affiche ce code.
page-device-code = Votre code
page-device-link = Ouvrir la page de connexion
page-device-qr = Code QR contenant l’adresse de la page de connexion
page-device-waiting = En attente de votre confirmation. Cette page continue toute seule.
