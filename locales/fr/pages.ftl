# Les pages destinées aux personnes : le cadre, l’accueil, la connexion. Les importations et le compte ont leurs parties plus bas.

## Le cadre

page-product = Connecteur Dataverse–Renku
page-skip = Aller au contenu
page-nav = Navigation principale
page-nav-imports = Mes importations
page-nav-subscriptions = Abonnements
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
page-see-imports = Voir mes importations
page-how = Comment ça marche
page-how-open = Ouvrez un jeu de données dans votre entrepôt et choisissez « Import into Renku ».
page-how-choose = Connectez-vous une fois, puis choisissez le projet.
page-how-see = Suivez son arrivée, ou fermez la page : l’importation continue toute seule.

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

## Une importation

import-progress = Avancement
import-facts = Ce qui est importé
import-timeline = Tout ce qui s’est passé
import-project = Projet
import-renku = Renku
import-version = Version
import-files = Fichiers
import-files-and-size = { $count ->
    [one] { $count } fichier, { $size }
   *[other] { $count } fichiers, { $size }
}
import-name = Nom dans le projet
import-asked-for = Demandée le
import-reference = Numéro de référence
import-copy = Copier
import-copied = Le numéro de référence est copié.
import-may-close = Vous pouvez fermer cette page. L’importation continue, et vous la retrouverez dans Mes importations.
import-queue = Les importations vers un même Renku se font à tour de rôle. La vôtre commencera dès que son tour viendra.
import-slow = Cela prend plus de temps que d’habitude
import-slow-why = Pour l’instant, tout va bien. Renku est peut-être très occupé, ou les fichiers sont volumineux.
import-retries = Quelque chose bloque pour le moment
import-retries-at = Nouvel essai automatique : { $time }.
import-looks = L’entrepôt ne montre pas encore le jeu de données
import-looks-at = Nous regarderons de nouveau : { $time }.
import-try-now = Essayer maintenant
import-try-again = Réessayer
import-change = Modifier et réessayer
import-cancel = Annuler
import-cancelled = L’importation a été annulée. Rien n’a été modifié dans votre projet.
import-cancelled-left = L’importation a été annulée. Renku avait déjà commencé et ne peut pas être arrêté : le jeu de données apparaîtra peut-être quand même dans votre projet.
import-parked = Après de longs essais, l’importation est mise de côté.
import-see-newer = Voir l’importation plus récente
import-sign-in-here = Reconnectez-vous, et l’importation continuera toute seule
import-sign-in-renku = Connectez-vous une fois à Renku, et l’importation continuera
import-signed-in = Je suis connecté·e : continuer
import-compared = { $found } des { $expected } fichiers de l’entrepôt ont été retrouvés, en comparant { $compared }.
import-other-version = Une version plus récente a paru entre-temps : c’est la { $version } qui est arrivée.
import-merge = La branche principale de votre projet est protégée. Fusionnez la branche { $branch } pour y avoir le jeu de données.
import-next-pull = Pour le voir dans une session en cours, exécutez-y « git pull » ; les nouvelles sessions l’ont d’emblée.
import-linked = Le projet est lié au jeu de données. Rien n’a été copié : les sessions lisent les fichiers dans l’entrepôt.
import-link-unreadable = Renku n’a pas pu énumérer les fichiers à l’instant. Certains sont peut-être fermés, ou l’entrepôt n’a pas répondu.
import-link-folder = Dans une session, les fichiers se trouvent dans le dossier { $folder }.
import-undo = Retirer le lien du projet
import-undone = Le lien a été retiré
import-undone-at = Il n’est plus dans le projet depuis : { $time }.
import-next-session = Démarrez une nouvelle session du projet pour le voir ; les sessions en cours ne le reçoivent pas.
import-open = Ouvrir dans Renku
import-missing = Fichiers qui n’ont pas été retrouvés
import-words = Ce que l’autre système a répondu
import-other-name = Choisir un autre nom
import-allow-migration = Autoriser la migration
import-other-project = Choisir un autre projet

## Ses étapes

stage-queued = Attente de son tour
stage-submitting = Transmission à Renku
stage-running = Renku récupère les fichiers
stage-running-link = Renku lie le projet au jeu de données
stage-verifying = Comparaison avec l’entrepôt
stage-verifying-link = Vérification dans le projet
stage-done = Terminé : { $time }
stage-since = En cours depuis : { $time }
stage-stopped = Arrêté : { $time }
stage-later = Pas encore commencé
stage-never = Non atteint

## Demander de nouveau

again-title = Importer autrement
again-project = Adresse du projet
again-name = Nom dans le projet
again-name-hint = Laissez vide pour en obtenir un à partir du titre du jeu de données.
again-migrate = Renku peut mettre le projet à sa version actuelle (le migrer) s’il le faut
again-start = Lancer l’importation
again-back = Retour

## Mes importations

list-title = Mes importations
list-search = Titre ou identifiant
list-search-button = Rechercher
list-groups = Quelles importations
list-all = Toutes
list-under-way = En cours
list-needs-you = En attente de vous
list-arrived = Arrivées
list-not-arrived = Non arrivées
list-none = Vous n’avez encore rien importé
list-nothing-found = Aucun résultat
list-see-all = Voir toutes les importations
list-pages = Pages de la liste
list-newest = Importations les plus récentes
list-older = Importations plus anciennes
list-retry-this = Réessayer : { $title }
list-cancel-this = Annuler : { $title }

## Le compte

account-title = Compte
account-works = Connexion valable
account-over = Connexion expirée
account-disconnecting = Dissociation en cours
account-nothing = Aucune connexion enregistrée
account-username = Identifiant
account-since = Connecté·e le
account-until = Se termine
account-until-unknown = Inconnu : elle est renouvelée à chaque utilisation
account-first-seen = Ici pour la première fois
account-imports = Importations
account-imports-number = { $count ->
    [one] { $count } importation
   *[other] { $count } importations
}
account-again = Se reconnecter
account-kept = Ce que nous gardons de vous
account-kept-person = Votre nom et votre identifiant, tels que la connexion de Renku les donne.
account-kept-token = Votre connexion à Renku, chiffrée, pour que les importations continuent en votre absence.
account-kept-imports = Vos importations, ce qui s’y est passé, et vos derniers choix.
account-kept-subscriptions = Ce que vous tenez à jour, et votre adresse de courriel pour cela là où des courriels sont envoyés ; la déconnexion efface l’adresse.
account-kept-not = Nous ne gardons ni votre mot de passe, ni le contenu des jeux de données.
account-choices = Vos derniers choix
account-choices-what = La prochaine fois que vous viendrez de là, ce projet sera déjà choisi.
account-forget = Oublier
account-forget-this = Oublier votre choix pour { $repository }
account-browser = Ce navigateur
account-session = Vous restez connecté·e ici jusqu’à : { $time }.
account-sign-out = Se déconnecter
account-disconnect = Se dissocier de Renku

## La dissociation

disconnect-title = Se dissocier de Renku ?
disconnect-what = Ce qui se passe alors
disconnect-revoked = Votre connexion enregistrée est révoquée auprès de Renku et effacée ici, pour tous les navigateurs.
disconnect-waiting = Les importations en cours s’arrêtent et attendent que vous vous reconnectiez.
disconnect-stays = Ce qui a été importé reste dans vos projets, et la liste de vos importations reste ici.
disconnect-do = Se dissocier
disconnected-title = Vous êtes dissocié·e
disconnected-what = Plus rien n’utilise votre connexion. Elle est en train d’être révoquée auprès de Renku et effacée ici ; si Renku ne répond pas, nous réessayons jusqu’à y parvenir.
disconnected-back = Si vous vous reconnectez, tout reprend là où c’en était.
