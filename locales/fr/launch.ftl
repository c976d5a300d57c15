# Du bouton dans l'entrepôt à la confirmation.

launch-title = Importer un jeu de données dans Renku
launch-back-to = Retour à { $repository }

## Le jeu de données

launch-repository = Entrepôt
launch-authors = Auteurs
launch-authors-more = { $names } ; et { $count } autres
launch-version = Version actuelle
launch-version-of = { $version }, publiée le { $date }
launch-licence = Licence d'utilisation
launch-no-licence = Conditions propres ; voir la page du jeu de données
launch-pid = Identifiant
launch-data = Fichiers
launch-files = { $count ->
    [0] aucun
    [one] 1 fichier, { $size }
   *[other] { $count } fichiers, { $size }
}
launch-newer-draft = Vous regardiez un brouillon. Seule la version publiée peut être importée.

## Le Renku

launch-to = Vers { $renku }
launch-ways = Où importer
launch-way-core = { $renku }, copié (Renku 1)
launch-way-data = { $renku }, lié (Renku 2)
launch-core-copies = Renku copie les fichiers dans votre projet. Cela prend d'une minute à une demi-heure ; vous n'avez pas besoin d'attendre.
launch-data-links = Rien n'est copié : Renku relie le jeu de données à votre projet, et les sessions lisent les fichiers dans l'entrepôt.
launch-data-latest = Une session reçoit toujours la dernière version publiée.
launch-data-session = Les sessions en cours ne le voient pas : démarrez-en une nouvelle après l'importation.
launch-no-renku = Aucun Renku n'est joignable en ce moment
launch-no-renku-remedy = Rechargez cette page dans une minute. Elle est conservée une heure.
launch-forbids = Ce jeu de données ne peut pas être importé dans { $renku }
launch-warns = Bon à savoir avant d'importer
launch-sign-in-why = Connectez-vous à { $renku } pour voir vos projets. Entre-temps, cette page est conservée une heure.

## Le projet

launch-project = Dans quel projet ?
launch-signed-in-as = Vous êtes connecté en tant que { $name }.
launch-search = Chercher dans vos projets
launch-search-do = Chercher
launch-latest-first = Les derniers utilisés viennent en premier.
launch-capped = Les { $count } projets utilisés en dernier. Cherchez-en d'autres.
launch-found = Trouvés : { $count }
launch-filtered = Affichés : { $count }
launch-none = Aucun projet trouvé dans lequel vous pouvez écrire. Créez-en un dans Renku, puis rechargez cette page.
launch-none-found = Aucun projet ne correspond à ces mots.
launch-show-all = Tout afficher de nouveau
launch-unlisted = Vos projets ne peuvent pas être affichés.
launch-public = visible par tous
launch-internal = pour toute personne connectée
launch-private = privé
launch-used-on = utilisé le { $date }
launch-has = contient déjà la version { $version }
launch-address = Ou collez l'adresse d'un projet
launch-address-hint = Copiez-la depuis votre navigateur quand le projet est ouvert dans Renku. Ce qui est inscrit ici l'emporte sur la liste.
launch-choose-project = Choisissez un projet, ou collez l'adresse d'un projet.
launch-new = Ou créer un nouveau projet
launch-new-title = Nom du nouveau projet
launch-new-hint = Si un nom est inscrit ici, le projet est créé et le jeu de données y est importé.
launch-new-namespace = Où le créer
launch-new-visibility = Qui peut le voir
launch-new-private = Seulement ses membres
launch-new-public = Tout le monde
launch-new-or-address = Collez une adresse ou nommez un nouveau projet, mais pas les deux.

## La confirmation

launch-options = Nom et options
launch-name = Nom dans le projet
launch-name-hint = Si vous laissez ce champ vide, le nom sera { $name }
launch-migrate = Si le projet a été créé avec un Renku plus ancien, le mettre d'abord à jour
launch-import = Importer
launch-cancel = Annuler
launch-nothing-imported = Rien n'a encore été importé
launch-again = Votre connexion a changé depuis le chargement de cette page. Vérifiez ce qui est choisi, puis confirmez de nouveau.
