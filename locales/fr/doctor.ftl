# What the doctor says: the names of its checks, and what it says beside them. Problems are in problems.ftl.

## Checks

doctor-check-configuration = Configuration (réglages)
doctor-check-key = Clé des connexions enregistrées
doctor-check-store = Base de données
doctor-check-broker = File d'attente
doctor-check-management = Interface de gestion de RabbitMQ
doctor-check-renku = Renku répond
doctor-check-discovery = Connexion à Renku
doctor-check-clock = Horloge
doctor-check-client = Ce service à la connexion de Renku
doctor-check-code-flow = Connexion par le navigateur
doctor-check-device-flow = Connexion avec un code
doctor-check-gateway = La passerelle de Renku accepte ce service
doctor-check-sign-in = Connexion enregistrée
doctor-check-person = Renku connaît la personne
doctor-check-project = Projet de la personne
doctor-check-service-person = Le compte de service
doctor-check-dataverse = Dataverse répond
doctor-check-tool = Bouton dans Dataverse
doctor-check-signed-addresses = Adresses signées
doctor-check-workflow = Workflow après publication
doctor-check-resume-addresses = Adresses autorisées à reprendre le workflow

## Beside a mark

doctor-note-risky = C'est permis, mais il faut le savoir.
doctor-note-nothing-to-import = Tant qu'aucun n'est configuré, rien ne peut être importé.
doctor-note-not-yet = Pas encore là : créé au premier démarrage.
doctor-note-queues-missing = Ces files n'existent pas encore. Un worker les crée à son démarrage.
doctor-note-broker-old = Ce RabbitMQ est trop ancien ; ce service a besoin de la version 3.10 ou d'une plus récente.
doctor-note-management-unseen = Son adresse n'est pas configurée (management_url dans la section [queue]) ; elle n'a donc pas été interrogée. Sur la machine du serveur de messages, on voit si elle est activée :
doctor-note-management-refused = Elle répond, mais ne laisse pas regarder l'utilisateur de ce service. Rien n'en dépend. Pour l'y autoriser :
doctor-note-management-silent = Elle n'y répond pas. Rien n'en dépend ; elle sert à regarder dans les files. Sur la machine du serveur de messages, on l'active ainsi :
doctor-note-pkce-not-enforced = La connexion fonctionne. Keycloak laisserait aussi entrer ce service sans PKCE, ce qui est moins sûr.
doctor-note-nobody-signed-in = Personne ne s'est encore connecté. On ne voit qu'alors si Renku accepte les jetons : connectez-vous une fois et relancez cette commande.
doctor-note-not-seen = Keycloak n'en dit rien sans l'épuiser. On le verra à la prochaine importation.
doctor-note-not-fresh = Le jeton enregistré est périmé, ou plus ancien que ce qui a été corrigé dans Keycloak. Il sera renouvelé à la prochaine utilisation ; Renku pourra alors être interrogé.
doctor-note-project-unasked = Il n'y a aucune connexion avec laquelle le demander. Connectez-vous une fois, ou utilisez --sign-in.
doctor-note-project-at-work = Une importation est en cours dans ce projet, et tout autre appel pourrait la perturber. Il n'a pas été examiné ; relancez ceci ensuite.
doctor-note-announces-early = Avant la version 6.10, Dataverse peut annoncer une version avant de la montrer. Ce service l'attend.
doctor-note-signs-wrongly = Les versions 6.10 et 6.11 signent mal les adresses avec des caractères spéciaux. Ce service n'en demande pas ; d'autres outils peut-être.
doctor-note-tools-too-old = Ce Dataverse n'a pas de boutons utilisables pour les jeux de données. Il faut la version 5.14 ou plus récente.
doctor-note-tools-hidden = Avant la version 6.6, le bouton ne se voit que sur la machine du Dataverse. Son administrateur y regarde :
doctor-note-proxy-before = Avant la version 6.10, les adresses signées échouent avec 401 derrière un proxy qui termine TLS, sauf s'il transmet https (AJP). Si les lancements échouent, c'est la cause. Sur la machine du proxy, on trouve ses réglages ainsi :
doctor-note-proxy-header = On ne voit pas d'ici si le proxy devant Dataverse envoie X-Forwarded-Proto. Si les lancements échouent avec 401, il ne le fait pas. Sur la machine du proxy, on trouve ses réglages ainsi :
doctor-note-workflows-too-old = Ce Dataverse ne peut pas annoncer les publications de façon utilisable. Il faut la version 5.4 ou plus récente.
doctor-note-no-workflow-secret = Les publications ne sont pas annoncées à ce service : workflow_secrets n'est pas configuré. Les importations fonctionnent tout de même.
doctor-note-workflow-unseen = Le workflow ne se voit que sur la machine du Dataverse. Son administrateur y regarde :
doctor-note-resume-unseen = L'adresse de ce service, telle que Dataverse la voit, doit figurer dans cette liste. Son administrateur y regarde :
doctor-note-after-the-above = Pas examiné, car quelque chose avant ne va pas.

## Around them

doctor-mend-with = Pour y remédier :
doctor-sign-in-kcadm = Avant les commandes kcadm.sh, un administrateur de Keycloak se connecte une fois :
doctor-all-well = Tout va bien.
doctor-nothing-yet = Tout va bien, mais rien ne peut encore être importé : il manque un Dataverse ou un Renku dans la configuration.
doctor-some-wrong = Quelque chose ne va pas.

## Registering

register-tool-missing = Le bouton n'est pas encore enregistré.
register-tool-there = Le bouton est enregistré comme il faut. Rien n'a été changé.
register-tool-differs = Le bouton enregistré diffère de celui dont ce service a besoin :
register-tool-applied = Le bouton a été enregistré.
register-tool-removed = Le bouton a été enlevé.
register-tool-would-go = Avec --apply, le bouton serait enlevé :
register-tool-none = Aucun bouton ne mène ici. Rien n'a été changé.
register-by-hand = Rien n'a été changé. Avec --apply et un api_token de superutilisateur dans la configuration, cela se fait d'ici ; ou par un superutilisateur :
register-on-the-host = Ou sur la machine du Dataverse, sans jeton :
register-old-dataverse = Avant la version 6.6, un bouton s'enregistre seulement sur la machine du Dataverse :
register-old-dataverse-remove = Avant la version 6.6, un bouton s'enlève seulement sur la machine du Dataverse. Cherchez d'abord son id :
register-undo = Pour tout annuler :
register-workflow-without-secret = Le workflow qui annonce les publications est laissé de côté : aucun workflow_secrets n'est configuré pour ce Dataverse.
register-workflow-by-hand = Le workflow qui annonce les publications ne s'enregistre que sur la machine de Dataverse. Avec ce programme là-bas (première ligne), ou à la main. Vérifiez d'abord s'il existe déjà un workflow par défaut, et ajoutez l'adresse de ce service à la liste sans en retirer d'autres :
register-workflow-remove-by-hand = Le workflow ne se retire que sur la machine de Dataverse. Avec ce programme là-bas (première ligne), ou à la main, si le workflow par défaut est le nôtre :
register-workflow-there = Le workflow est enregistré comme il faut. Rien n'a été changé.
register-workflow-differs = Le workflow enregistré diffère de celui dont ce service a besoin :
register-workflow-would = Avec --apply, voici ce qui serait fait :
register-workflow-applied = Le workflow a été enregistré :
register-workflow-foreign = Un autre workflow est celui par défaut après les publications. Il est resté tel quel ; ce service n'apprend donc rien des publications. Dataverse n'en exécute qu'un : ajoutez-y notre étape, ou utilisez --replace.
register-workflow-replaced = Le workflow par défaut est maintenant le nôtre. Pour rendre sa place au précédent :
register-workflow-removed = Ce qui est à nous dans le workflow est retiré :
register-workflow-none = Il n'y a pas de workflow à nous. Rien n'a été changé.
register-resume-addresses = L'adresse de ce service, telle que Dataverse la voit, doit être parmi celles qui peuvent reprendre le workflow. Indiquez-la avec --resume-address si elle n'est pas parmi celles-ci :
register-device-client = Ce service utilise un client créé par le chart de Renku. Il n'y a rien à enregistrer.
register-client-json = Le client, tel que Keycloak l'importe (realm Renku → Clients → Import client) :
register-client-kcadm = Ou en ligne de commande :
register-client-console = Ou à la main : Clients → Create client → OpenID Connect, le Client ID → Next → Client authentication activé, seulement Standard flow → Next → Valid redirect URIs → Save. Puis Client scopes → celui qui finit par -dedicated → Add mapper → By configuration → Audience, Included Client Audience renku, Add to access token activé → Save. Puis Advanced → Proof Key for Code Exchange Code Challenge Method S256 → Save. Le secret est sous Credentials.
register-client-service = Pour un compte de service qui se connecte sur cette machine (token get --store --service --port 8474), aussi :

## Tokens

at-token-browser = Ouvrez cette adresse dans un navigateur sur cette machine :
at-token-device = Ouvrez cette adresse dans un navigateur et saisissez le code :
at-token-close-window = C'est fait. Vous pouvez fermer cette fenêtre.
at-token-refused = La connexion a été refusée. Vous pouvez fermer cette fenêtre ; la commande indique ce qui s'est passé.
at-token-password = Mot de passe :
at-token-password-warning = Un mot de passe a sa place sur la page de Keycloak. Un programme qui le prend pourrait le garder, et le second facteur est omis. Seulement pour des tests.
at-token-got = Un jeton pour
at-token-stored = La connexion de { $person } est conservée ; { $imports ->
    [0] aucune importation ne l'attendait.
    [one] { $imports } importation l'attendait.
   *[other] { $imports } importations l'attendaient.
}
at-token-service = Ce que les administrateurs tiennent à jour est importé désormais par
at-token-service-before = et non plus par
at-token-client-id = Le nom après --client-id est-il mal tapé ? C'est :
at-token-signature-fine = La signature est celle du realm.
at-token-signature-wrong = La signature n'est pas celle du realm.
at-token-signature-unseen = La signature n'a pas pu être vérifiée : les clés du realm sont illisibles.
at-token-door-python = Renku 1 derrière la passerelle Python (charts jusqu'à 0.56)
at-token-door-go = Renku 1 derrière la passerelle Go (charts à partir de 0.57)
at-token-door-data = Renku 2 (services de données)
