# Tous les problèmes du catalogue : ce qui s'est passé, et ce qu'il faut faire. Les codes sont ceux de src/domain/problem.rs.

## Ce qui nous est demandé

pid-invalid = Ceci n'est ni l'identifiant ni l'adresse d'un jeu de données.
pid-invalid-remedy = Saisissez un DOI tel que doi:10.5072/FK2/ABCDEF, ou copiez l'adresse de la page du jeu de données.

pid-of-another-installation = Ce jeu de données appartient à un entrepôt auquel ce service n'est pas relié.
pid-of-another-installation-remedy = Vérifiez l'identifiant, ou choisissez l'entrepôt dans lequel le jeu de données a été publié.

installation-not-named = On ne sait pas de quel entrepôt le jeu de données doit venir.
installation-not-named-remedy = Choisissez l'un des entrepôts proposés ici.

installation-unknown = Aucun entrepôt de ce nom n'est relié à ce service.
installation-unknown-remedy = Choisissez l'un des entrepôts proposés ici. Si vous venez de la page d'un jeu de données, signalez à l'équipe de cet entrepôt que son bouton mène à une mauvaise adresse.

renku-unknown = On ne sait pas dans quel Renku le jeu de données doit aller.
renku-unknown-remedy = Choisissez l'un des Renku proposés ici.

project-address-invalid = Ceci n'est pas l'adresse d'un projet.
project-address-invalid-remedy = Copiez l'adresse dans votre navigateur lorsque le projet est ouvert dans Renku. Elle commence par https:// et se termine par le groupe et le nom du projet.

project-host-not-allowed = Les projets situés à cette adresse ne sont pas accessibles depuis ce Renku.
project-host-not-allowed-remedy = Utilisez un projet que vous avez ouvert dans ce Renku. Si cette adresse doit être permise, la personne qui gère ce service ajoute l'hôte à git_hosts dans la section de ce Renku.

dataset-name-invalid = Renku n'accepte pas ce nom pour un jeu de données.
dataset-name-invalid-remedy = Utilisez des lettres, des chiffres, des points, des tirets et des tirets bas, en commençant et en finissant par une lettre ou un chiffre ; ou laissez le champ vide pour obtenir un nom adapté.

request-invalid = La requête est incomplète ou contient un élément inutilisable.
request-invalid-remedy = Corrigez le champ indiqué et renvoyez-la. Les programmes trouvent tous les champs dans /api/docs.

request-too-large = La requête est plus grande que ce que ce service accepte.
request-too-large-remedy = Envoyez-en une plus petite. La personne qui gère ce service peut augmenter max_body dans la section [http].

no-such-page = Il n'y a pas de page à cette adresse.
no-such-page-remedy = Vérifiez l'adresse, ou partez de la page d'accueil.

method-not-allowed = Cette adresse ne s'utilise pas de cette façon.
method-not-allowed-remedy = Les programmes trouvent les méthodes de chaque adresse dans /api/docs.

content-type-not-supported = La requête n'est pas dans un format que cette adresse sait lire.
content-type-not-supported-remedy = Envoyez du JSON, avec l'en-tête Content-Type: application/json.

idempotency-key-reused = Cette Idempotency-Key a déjà servi pour une autre requête.
idempotency-key-reused-remedy = Prenez une nouvelle clé pour chaque nouvelle requête, et la même clé uniquement pour répéter exactement la même requête.

launch-invalid = Le lien venant de l'entrepôt est incomplet ou endommagé.
launch-invalid-remedy = Retournez à la page du jeu de données et cliquez de nouveau sur « Import into Renku ». Si cela se répète, prévenez l'équipe de l'entrepôt : docs/DATAVERSE.md explique comment le bouton est enregistré.

launch-foreign = Ce lien mène ailleurs que vers l'entrepôt ; il n'a donc pas été suivi.
launch-foreign-remedy = Partez de la page du jeu de données dans votre entrepôt et cliquez-y sur « Import into Renku ». Si c'est ce que vous avez fait, prévenez les responsables de ce service : site_url n'est peut-être pas l'adresse que l'entrepôt se donne lui-même.

launch-expired = Le lien venant de l'entrepôt a expiré.
launch-expired-remedy = Un tel lien est valable cinq minutes. Retournez à la page du jeu de données, rechargez-la et cliquez encore une fois sur « Import into Renku ». Si cela arrive à chaque fois, l'équipe de l'entrepôt trouvera de l'aide dans docs/DATAVERSE.md.

launch-unknown = Cette page n'est plus valable : elle est conservée une heure.
launch-unknown-remedy = Retournez à la page du jeu de données dans votre entrepôt et cliquez de nouveau sur « Import into Renku ».

launch-used = Quelqu'un d'autre a déjà importé avec cette page.
launch-used-remedy = Retournez à la page du jeu de données dans votre entrepôt et cliquez de nouveau sur « Import into Renku ».

launch-busy = Ce jeu de données est en cours d'importation depuis une autre fenêtre.
launch-busy-remedy = Patientez un instant et rechargez cette page : elle mène à l'importation.

import-unknown = Aucune de vos importations ne porte ce numéro.
import-unknown-remedy = Vérifiez le numéro, et si vous êtes bien connecté avec le compte qui a demandé l'importation.

not-possible-now = Dans son état actuel, l'importation ne le permet pas.
not-possible-now-remedy = Rechargez la page pour voir où elle en est.

form-not-ours = Ce formulaire n'a pas été envoyé depuis une page de votre session actuelle.
form-not-ours-remedy = Revenez à la page, rechargez-la et renvoyez le formulaire. Votre navigateur doit accepter les cookies de ce service.

too-many-requests = Trop de requêtes sont arrivées en peu de temps.
too-many-requests-remedy = Rien n'est perdu. Attendez un instant et réessayez.

service-busy = Tant de personnes sont servies en ce moment qu'il n'y a plus de place.
service-busy-remedy = Rien n'est perdu. Réessayez dans une minute.

## Connexion

sign-in-needed = Vous devez vous connecter pour que l'importation continue en votre nom.
sign-in-needed-remedy = Connectez-vous ici. L'importation garde sa place et reprend ensuite d'elle-même.

sign-in-attempt-unknown = Cette tentative de connexion n'est plus valable : elle a duré trop longtemps, a déjà abouti, ou a commencé dans un autre navigateur.
sign-in-attempt-unknown-remedy = Reconnectez-vous à partir d'ici, dans un seul navigateur et sans revenir en arrière.

sign-in-refused = La connexion a été annulée ou refusée.
sign-in-refused-remedy = Reconnectez-vous et acceptez ce qui est demandé. Si vous avez été refusé malgré votre accord, demandez à l'équipe de Renku si votre compte peut utiliser ce service.

renku-sign-in-needed = Renku a besoin que vous vous y connectiez de nouveau.
renku-sign-in-needed-remedy = Ouvrez Renku dans votre navigateur, déconnectez-vous puis reconnectez-vous. L'importation le remarque en un quart d'heure au plus et reprend d'elle-même.

token-missing = La requête ne dit pas qui la fait.
token-missing-remedy = Envoyez un jeton d'accès de Renku dans l'en-tête Authorization: Bearer. Une connexion par appareil avec le client `renku-cli` en donne un, comme le fait `renku login`.

token-unreadable = Ce jeton ne vient pas de la connexion à Renku.
token-unreadable-remedy = Utilisez un jeton d'accès du Keycloak de Renku, et non de GitLab ou de JupyterHub. Une connexion par appareil avec le client `renku-cli` en donne un, comme le fait `renku login`.

token-signature-wrong = Le jeton n'a pas été émis par la connexion à Renku.
token-signature-wrong-remedy = Obtenez un nouveau jeton auprès du Renku concerné, par une connexion par appareil avec le client `renku-cli`.

token-expired = Le jeton a expiré.
token-expired-remedy = Reconnectez-vous ici : une importation qui attend reprend d'elle-même. Un programme obtient un nouveau jeton par une connexion par appareil avec le client `renku-cli`.

token-issuer-mismatch = Le jeton vient de la connexion à un autre Renku.
token-issuer-mismatch-remedy = Obtenez un jeton auprès du Renku concerné. Si c'est bien le bon, la personne qui gère ce service corrige issuer dans la section [renku.NAME.oidc].

token-without-audience = La connexion à Renku délivre des jetons que Renku lui-même n'acceptera pas.
token-without-audience-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector → Client scopes → dataverse-connector-dedicated → Add mapper → By configuration → Audience, choisit `renku` comme Included Client Audience, active Add to access token et enregistre. Ou en ligne de commande : kcadm.sh create clients/UUID/protocol-mappers/models -r Renku -s name=renku-audience -s protocol=openid-connect -s protocolMapper=oidc-audience-mapper -s 'config."included.client.audience"=renku' -s 'config."access.token.claim"=true'. Ensuite, reconnectez-vous.

token-client-not-accepted = La passerelle de Renku n'accepte pas les connexions faites à travers ce service.
token-client-not-accepted-remedy = Renku 1 avec la passerelle Go n'accepte que les jetons de `renku` et de `renku-cli`. La personne qui gère ce service met flow = "device" et client_id = "renku-cli" dans la section [renku.NAME.oidc], après accord avec l'équipe de Renku. Ou la personne qui gère Renku ajoute une entrée aux `authorizationVerifiers` de la passerelle, et de nouveau après chaque mise à jour de Renku : `issuer: ISSUER, audience: renku, authorizedParty: dataverse-connector`.

token-without-subject = La connexion à Renku ne dit pas qui vous êtes.
token-without-subject-remedy = La personne qui gère le Keycloak de Renku (25 ou plus récent) ouvre le realm Renku : Clients → dataverse-connector → Client scopes → Add client scope → basic → Default. En ligne de commande : kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Ensuite, reconnectez-vous.

token-without-email = La connexion à Renku ne transmet pas votre adresse électronique, dont Renku ne peut se passer.
token-without-email-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku, vérifie sous Users → la personne → Details que Email est rempli, et ajoute sous Clients → dataverse-connector → Client scopes le scope `email` comme Default. En ligne de commande : kcadm.sh update users/UUID -r Renku -s email=ADDRESS -s emailVerified=true; kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Ensuite, reconnectez-vous.

token-without-name = La connexion à Renku ne transmet pas votre nom, dont Renku a besoin pour ce qui est enregistré en votre nom.
token-without-name-remedy = Indiquez vos prénom et nom dans votre compte Keycloak. Ou bien la personne qui gère le Keycloak de Renku le fait sous Users → la personne → Details et ajoute sous Clients → dataverse-connector → Client scopes le scope `profile` comme Default. En ligne de commande : kcadm.sh update users/UUID -r Renku -s firstName=FIRST -s lastName=LAST; kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Ensuite, reconnectez-vous.

token-refused-by-renku = Renku refuse votre connexion, alors que nous n'y voyons rien d'anormal.
token-refused-by-renku-remedy = Déconnectez-vous de Renku et reconnectez-vous. Si cela persiste, la personne qui gère Renku consulte le journal de la passerelle, vérifie son horloge et s'assure qu'elle utilise l'issuer affiché par `dataverse-renku config show`.

issuer-not-found = La connexion à Renku est introuvable à l'adresse configurée.
issuer-not-found-remedy = La personne qui gère ce service corrige issuer dans la section [renku.NAME.oidc]. Les anciens Keycloak y mettent /auth (https://HOST/auth/realms/Renku), les nouveaux souvent non (https://HOST/realms/Renku). Le bon répond : `curl -s ISSUER/.well-known/openid-configuration`.

issuer-mismatch = La connexion à Renku se désigne par une autre adresse que celle qui est configurée.
issuer-mismatch-remedy = La personne qui gère ce service copie la valeur « issuer » de ISSUER/.well-known/openid-configuration dans issuer, section [renku.NAME.oidc].

client-refused = La connexion à Renku n'accepte pas le secret de ce service.
client-refused-remedy = La personne qui gère ce service compare client_id et client_secret de la section [renku.NAME.oidc] avec Keycloak : realm Renku → Clients → dataverse-connector → Credentials → Client secret. En ligne de commande : `dataverse-renku register --keycloak NAME --json --with-secret | kcadm.sh update clients/UUID -r Renku -f -`.

flow-not-allowed = La connexion à Renku ne permet pas à ce service de connecter les gens de cette façon.
flow-not-allowed-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector → Settings → Capability config et active Standard flow (pour flow = "code") ou OAuth 2.0 Device Authorization Grant (pour flow = "device"). Direct access grants reste désactivé. L'adresse de retour doit figurer sous Valid redirect URIs. Pour un nom et un mot de passe, Consent required doit aussi être désactivé (Login settings) : kcadm.sh update clients/UUID -r Renku -s consentRequired=false.

client-unknown = La connexion à Renku ne connaît pas ce service, ou l'a désactivé.
client-unknown-remedy = La personne qui gère le Keycloak de Renku crée le client ou l'active : realm Renku → Clients → Create client. En ligne de commande : `dataverse-renku register --keycloak NAME --json --with-secret | kcadm.sh create clients -r Renku -f -`. S'il existe sous un autre nom, la personne qui gère ce service corrige client_id dans la section [renku.NAME.oidc].

client-disabled = La connexion à Renku connaît ce service, mais l'a désactivé.
client-disabled-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector et active Enabled, en haut à droite. Ou en ligne de commande : kcadm.sh update clients/UUID -r Renku -s enabled=true.

redirect-address-not-registered = La connexion à Renku ne renvoie personne vers l'adresse de ce service.
redirect-address-not-registered-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector → Settings → Valid redirect URIs et ajoute l'adresse indiquée, exactement telle quelle. Ou en ligne de commande : kcadm.sh update clients/UUID -r Renku -s 'redirectUris+=ADDRESS'.

code-flow-off = La connexion à Renku ne permet pas à ce service de connecter les gens par le navigateur.
code-flow-off-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector → Settings → Capability config et active Standard flow. Ou en ligne de commande : kcadm.sh update clients/UUID -r Renku -s standardFlowEnabled=true.

device-flow-off = La connexion à Renku ne permet pas à ce service de connecter les gens avec un code.
device-flow-off-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → le client → Settings → Capability config et active OAuth 2.0 Device Authorization Grant. Ou en ligne de commande : kcadm.sh update clients/UUID -r Renku -s 'attributes."oauth2.device.authorization.grant.enabled"=true'.

password-flow-off = La connexion à Renku ne donne pas de jeton à ce client pour un nom et un mot de passe, et c'est bien ainsi.
password-flow-off-remedy = Utilisez `dataverse-renku token get` sans --password. La personne qui gère le Keycloak de Renku pourrait activer Direct access grants sous Clients → le client → Settings → Capability config ; tout programme qui les demande voit alors les mots de passe. En ligne de commande : kcadm.sh update clients/UUID -r Renku -s directAccessGrantsEnabled=true.

pkce-refused = La connexion à Renku attend de ce service une autre preuve (PKCE) que S256.
pkce-refused-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector → Advanced → Advanced settings et met Proof Key for Code Exchange Code Challenge Method sur S256. Ou en ligne de commande : kcadm.sh update clients/UUID -r Renku -s 'attributes."pkce.code.challenge.method"=S256'.

scope-not-granted = La connexion à Renku ne donne pas à ce service tout ce qu'il demande.
scope-not-granted-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Clients → dataverse-connector → Client scopes → Add client scope et ajoute celui qui est indiqué : `offline_access` comme Optional, tout autre comme Default. Ou en ligne de commande : kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku.

offline-access-refused = La connexion à Renku ne permet pas à cette personne de donner une autorisation durable.
offline-access-refused-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Users → la personne → Role mapping → Assign role et attribue `offline_access`. Ou la personne qui gère ce service l'enlève de scopes dans la section [renku.NAME.oidc]. En ligne de commande : kcadm.sh add-roles -r Renku --uusername NAME --rolename offline_access.

consent-missing = La connexion à Renku veut que vous acceptiez que ce service agisse en votre nom.
consent-missing-remedy = Reconnectez-vous ici et acceptez. Ou la personne qui gère le Keycloak de Renku désactive Consent required dans le realm Renku : Clients → dataverse-connector → Settings → Login settings. En ligne de commande : kcadm.sh update clients/UUID -r Renku -s consentRequired=false.

realm-disabled = La connexion à Renku est désactivée pour tout le monde.
realm-disabled-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Realm settings et active Enabled, en haut à droite. Ou en ligne de commande : kcadm.sh update realms/Renku -s enabled=true.

account-disabled = Le compte de la personne à la connexion de Renku est désactivé.
account-disabled-remedy = La personne qui gère le Keycloak de Renku ouvre le realm Renku : Users → la personne et active Enabled, en haut à droite. Ou en ligne de commande : kcadm.sh update users/UUID -r Renku -s enabled=true.

account-not-ready = Votre compte à la connexion de Renku attend quelque chose de vous, comme un nouveau mot de passe ou un second facteur.
account-not-ready-remedy = Connectez-vous à Renku dans votre navigateur, qui vous le demandera, puis de nouveau ici. La personne qui gère le Keycloak de Renku le voit sous Users → la personne → Details → Required user actions. En ligne de commande : kcadm.sh update users/UUID -r Renku -s 'requiredActions=[]'.

keycloak-not-trusted = Ce service ne fait pas confiance au certificat de la connexion à Renku.
keycloak-not-trusted-remedy = Si Renku a sa propre autorité de certification, la personne qui gère ce service ajoute son certificat à ceux de la machine, ou indique le fichier dans la variable SSL_CERT_FILE. Sinon, la personne qui gère Renku vérifie que le certificat est valable aujourd'hui et pour cet hôte. Ce qu'il présente : `openssl s_client -showcerts -connect HOST:443`.

clock-differs = Les horloges de ce service et de l'autre côté diffèrent, si bien que les jetons semblent périmés ou pas encore valables.
clock-differs-remedy = La personne qui gère ce service règle son horloge par le réseau, par exemple avec `timedatectl set-ntp true` ; si elle est juste, l'autre côté fait de même.

keycloak-answer-not-understood = La connexion à Renku a donné une réponse incompréhensible.
keycloak-answer-not-understood-remedy = La personne qui gère Renku vérifie que son Keycloak répond à l'adresse de l'issuer, et non la page d'erreur d'un proxy.

keycloak-unreachable = La connexion à Renku est injoignable pour le moment.
keycloak-unreachable-remedy = Rien n'est perdu : un nouvel essai aura lieu de lui-même. Si cela dure, prévenez l'équipe de Renku.

## Le jeu de données et son entrepôt

dataset-unknown = L'entrepôt n'a pas ce jeu de données, ou celui-ci n'est pas public.
dataset-unknown-remedy = Vérifiez l'identifiant. Seuls les jeux de données publiés peuvent être importés.

dataset-not-published = Le jeu de données est un brouillon et n'est pas encore publié.
dataset-not-published-remedy = Publiez-le dans l'entrepôt, ou demandez-le à ses curateurs, puis importez-le.

dataset-not-public = Ce jeu de données est publié, mais pas pour tout le monde.
dataset-not-public-remedy = Renku lit les jeux de données sans connexion et ne peut donc pas voir celui-ci. Demandez à l'équipe de l'entrepôt de l'ouvrir au public.

dataset-deaccessioned = Le jeu de données a été retiré de l'entrepôt.
dataset-deaccessioned-remedy = La page du jeu de données en donne la raison. Demandez aux curateurs de l'entrepôt si un autre jeu de données le remplace.

version-unknown = Le jeu de données n'a pas cette version.
version-unknown-remedy = Choisissez une version dans la liste de la page du jeu de données, ou n'en indiquez aucune pour obtenir la dernière.

version-not-latest = Ce Renku ne peut prendre que la dernière version d'un jeu de données, et une plus ancienne a été demandée.
version-not-latest-remedy = Importez la dernière version ; n'indiquez pas de version.

dataset-has-closed-files = Certains fichiers du jeu de données ne sont pas ouverts à tous : Renku 1 n'en importe alors aucun, et Renku 2 ne peut pas les ouvrir.
dataset-has-closed-files-remedy = Demandez à l'auteur du jeu de données ou aux curateurs de l'entrepôt d'ouvrir les fichiers restreints ou sous embargo, ou de publier les fichiers ouverts dans un jeu de données à part.

dataset-has-guestbook = L'entrepôt demande à chacun de remplir un formulaire avant de télécharger, ce que Renku ne sait pas faire.
dataset-has-guestbook-remedy = Demandez aux curateurs de l'entrepôt de retirer le livre d'or (guestbook) de ce jeu de données : Modifier → Conditions → Livre d'or.

dataset-empty = Cette version du jeu de données n'a pas de fichiers.
dataset-empty-remedy = Choisissez une version qui a des fichiers, ou un jeu de données qui contient des données.

dataset-has-too-many-files = Le jeu de données a plus de fichiers que Renku ne peut en chercher dans le temps qu'il s'accorde.
dataset-has-too-many-files-remedy = Demandez à l'auteur du jeu de données de réunir les fichiers dans des archives, ou choisissez un jeu de données plus petit. La personne qui gère ce service peut augmenter most_files dans la section de ce Renku.

dataset-too-large = Le jeu de données est plus volumineux que ce que Renku peut chercher dans le temps qu'il s'accorde.
dataset-too-large-remedy = Choisissez un jeu de données plus petit, ou téléchargez les fichiers dont vous avez besoin et ajoutez-les vous-même à votre projet. La personne qui gère ce service peut augmenter most_bytes dans la section de ce Renku.

dataset-has-equal-names = Le jeu de données contient des fichiers de même nom dans des dossiers différents ; Renku ignore les dossiers et n'en garderait qu'un.
dataset-has-equal-names-remedy = Demandez à l'auteur du jeu de données de donner des noms différents aux fichiers, ou ajoutez-les vous-même à votre projet.

export-behind = L'entrepôt n'a pas encore préparé cette version pour Renku.
export-behind-remedy = Il n'y a rien à faire : l'importation reprend dès que l'entrepôt est prêt, le plus souvent en quelques minutes.

export-without-files = L'entrepôt ne dit pas à Renku où se trouvent les fichiers du jeu de données.
export-without-files-remedy = La personne qui gère le Dataverse met dataverse.files.hide-schema-dot-org-download-urls à false et fait réexporter le jeu de données : curl http://localhost:8080/api/admin/metadata/:persistentId/reExportDataset?persistentId=DOI

file-not-downloadable = Renku n'a pas pu télécharger un fichier que l'entrepôt annonce.
file-not-downloadable-remedy = Essayez de télécharger le fichier indiqué depuis la page du jeu de données. En cas d'échec, prévenez les curateurs de l'entrepôt ; sinon, relancez l'importation.

doi-needed = Renku 2 ne prend que les jeux de données qui ont un DOI, et celui-ci a un autre type d'identifiant.
doi-needed-remedy = Il n'y a rien à faire d'ici : demandez à l'équipe de l'entrepôt si le jeu de données peut recevoir un DOI.

doi-for-tests = Le DOI du jeu de données est un DOI de test, et Renku ne peut pas savoir où il mène.
doi-for-tests-remedy = La personne qui gère le Dataverse donne de vrais DOI aux jeux de données. Sur un Renku de test, la personne qui gère ce service peut définir doi_resolver dans la section [renku.NAME].

doi-not-resolvable = Renku n'arrive pas à savoir où mène le DOI du jeu de données.
doi-not-resolvable-remedy = Juste après une publication, cela peut prendre quelques minutes, et l'importation continue d'elle-même. Si le jeu de données est plus ancien, ouvrez https://doi.org/ suivi du DOI : si cela échoue, signalez à l'équipe de l'entrepôt que le DOI n'est pas enregistré.

dataverse-unreachable = L'entrepôt est injoignable pour le moment.
dataverse-unreachable-remedy = Rien n'est perdu : un nouvel essai aura lieu de lui-même. Si cela dure, prévenez l'équipe de l'entrepôt.

dataverse-rate-limited = L'entrepôt nous demande de ralentir.
dataverse-rate-limited-remedy = Rien n'est perdu : l'importation reprend d'elle-même après la pause demandée par l'entrepôt.

dataverse-refused = L'entrepôt refuse de répondre à ce service.
dataverse-refused-remedy = La personne qui gère le Dataverse laisse passer l'adresse de ce service (pare-feu, protection contre les robots, points d'accès bloqués) et vérifie le jeton d'API s'il y en a un.

tool-not-registered = Le dépôt n'a pas de bouton qui mène à ce service.
tool-not-registered-remedy = La personne qui gère le Dataverse l'enregistre : `dataverse-renku register --installation NAME` montre ce qui manque ; avec --apply ou les commandes affichées, c'est enregistré.

tool-differs = Le bouton dans le dépôt n'est pas celui dont ce service a besoin.
tool-differs-remedy = La personne qui gère le Dataverse le remplace : `dataverse-renku register --installation NAME` montre la différence ; avec --apply ou les commandes affichées, il est remplacé.

dataverse-answer-not-understood = L'entrepôt a donné une réponse incompréhensible.
dataverse-answer-not-understood-remedy = La personne qui gère le Dataverse vérifie que son API répond en JSON sous /api, et non par la page d'un proxy. Réindexer ou réexporter le jeu de données peut aider.

dataverse-answer-too-large = La réponse de l'entrepôt sur ce jeu de données est trop grande.
dataverse-answer-too-large-remedy = Le jeu de données a sans doute un très grand nombre de fichiers. La personne qui gère ce service trouve dans les journaux de quelle réponse il s'agit.

## Le projet et Renku

project-not-found = Renku ne trouve pas ce projet, ou vous n'avez pas le droit de le voir.
project-not-found-remedy = Ouvrez le projet dans Renku avec le compte utilisé pour vous connecter ici et copiez-en l'adresse. Si vous ne pouvez pas l'ouvrir, demandez à son propriétaire de vous y ajouter.

project-not-readable = Vous pouvez voir ce projet, mais pas lire ses fichiers.
project-not-readable-remedy = Demandez au propriétaire du projet de vous en faire membre avec le rôle Developer ou Maintainer.

project-not-writable = Vous n'avez pas le droit d'enregistrer dans ce projet.
project-not-writable-remedy = Demandez au propriétaire du projet de vous en faire membre avec le droit de le modifier (Renku 1 : Maintainer dans GitLab ; Renku 2 : Editor), ou utilisez un projet à vous. Avec Renku 1, la cause peut aussi être une branche protégée : GitLab → Settings → Repository → Protected branches.

project-not-renku = Ce dépôt n'est pas un projet Renku.
project-not-renku-remedy = Choisissez un projet créé dans Renku, ou créez-en un nouveau.

project-name-taken = Un projet de ce nom existe déjà.
project-name-taken-remedy = Choisissez-le dans la liste des projets, ou donnez un autre nom au nouveau.

project-name-invalid = Renku ne peut pas créer de projet de ce nom.
project-name-invalid-remedy = Utilisez de 1 à 99 caractères, dont au moins une lettre de a à z ou un chiffre.

project-creation-refused = Vous ne pouvez pas créer de projets à cet endroit.
project-creation-refused-remedy = Choisissez votre propre espace ou un autre groupe. Si cela ne suffit pas, demandez à la personne qui gère Renku si tout le monde peut créer des projets.

connector-of-another-doi = Renku utilise déjà le nom court de ce jeu de données pour un autre DOI.
connector-of-another-doi-remedy = La personne qui gère Renku compare les deux connecteurs de données : deux DOI qui ne diffèrent que par des signes comme / - ou . y ont le même nom court. Rien n'a été lié.

project-needs-migration = Le projet a été créé avec un Renku plus ancien et doit d'abord être mis à jour.
project-needs-migration-remedy = Ouvrez le projet dans Renku et mettez-le à jour dans ses paramètres, ou relancez l'importation en acceptant la mise à jour.

project-migration-failed = La mise à jour du projet que vous aviez acceptée a échoué.
project-migration-failed-remedy = Ouvrez le projet dans Renku et mettez-le à jour là-bas, où les détails sont affichés ; ou lancez `renku migrate` dans une session. Relancez ensuite l'importation.

project-too-new = Le projet a besoin d'un Renku plus récent que celui-ci.
project-too-new-remedy = C'est à la personne qui gère Renku de le mettre à jour. D'ici là, utilisez un projet créé dans ce Renku.

project-damaged = Les données Renku du projet sont endommagées.
project-damaged-remedy = Ouvrez le projet dans une session Renku, lancez `renku doctor` et suivez ses indications ; ou utilisez un autre projet.

project-busy = Quelque chose d'autre est en cours d'enregistrement dans le projet.
project-busy-remedy = Il n'y a rien à faire : l'importation reprend quand le projet est de nouveau libre.

project-clone-dirty = Renku a encore des restes d'un essai précédent dans ce projet.
project-clone-dirty-remedy = Il n'y a rien à faire : Renku les efface au bout d'une demi-heure environ, puis l'importation est tentée encore une fois.

dataset-name-taken = Le projet a déjà un autre jeu de données de ce nom.
dataset-name-taken-remedy = Relancez l'importation avec un autre nom, ou supprimez l'ancien jeu de données dans Renku s'il ne sert plus.

dataset-not-recognised-by-renku = Renku ne reconnaît pas cette adresse comme un jeu de données d'un Dataverse.
dataset-not-recognised-by-renku-remedy = La personne qui gère Renku vérifie qu'il peut ouvrir, de là où il tourne, la page à laquelle mène le DOI et /api/info/version de l'entrepôt. Renku 1 : le service « core » doit être à jour. Renku 2 : l'adresse de cette page doit contenir persistentId et l'entrepôt doit se trouver à la racine de son hôte.

renku-cannot-reach-dataverse = Renku n'arrive pas à joindre l'entrepôt.
renku-cannot-reach-dataverse-remedy = La personne qui gère Renku lui permet d'ouvrir des connexions vers l'entrepôt (proxy, pare-feu, certificats) : pour Renku 1 le service « core », pour Renku 2 le service de données et les sessions. Relancez ensuite l'importation.

push-failed = Renku a cherché les fichiers, mais n'a pas pu les enregistrer dans votre projet.
push-failed-remedy = Vérifiez dans GitLab que vous pouvez écrire dans la branche par défaut du projet (Settings → Repository → Protected branches) et que son espace n'est pas plein. Puis réessayez.

renku-out-of-space = Il n'y a plus de place dans Renku ou dans votre projet.
renku-out-of-space-remedy = Supprimez du projet ce qui ne sert plus. Si le projet est petit, la personne qui gère Renku libère de la place sur le disque du service « core » ou augmente le quota du projet dans GitLab.

renku-import-failed = Renku n'a pas pu importer le jeu de données, pour une raison que nous ne connaissons pas.
renku-import-failed-remedy = Lisez ce que dit Renku à côté de ce message. Si cela n'aide pas, transmettez-le à l'équipe de Renku avec le numéro de l'importation.

renku-job-lost = Renku n'a pas trouvé le temps de faire l'importation et l'a abandonnée.
renku-job-lost-remedy = Il n'y a rien à faire : elle lui est confiée de nouveau. Si cela arrive souvent, la personne qui gère Renku devrait donner plus de workers au service « core ».

renku-job-stuck = Renku n'a pas terminé l'importation dans le temps qu'il s'accorde.
renku-job-stuck-remedy = Réessayez quand Renku est moins chargé, ou avec un jeu de données plus petit. Si cela persiste, la personne qui gère Renku consulte le journal des workers du service « core » ; la mémoire leur a peut-être manqué.

dataset-not-in-project = Renku annonce un succès, mais le jeu de données n'est pas dans le projet.
dataset-not-in-project-remedy = Regardez dans le projet, y compris dans ses autres branches. Si le jeu de données n'est nulle part, donnez le numéro de l'importation à l'équipe de Renku.

renku-unreachable = Renku est injoignable pour le moment.
renku-unreachable-remedy = Rien n'est perdu : un nouvel essai aura lieu de lui-même. Si cela dure, prévenez l'équipe de Renku.

renku-rate-limited = Renku nous demande de ralentir.
renku-rate-limited-remedy = Rien n'est perdu : l'importation reprend d'elle-même après la pause demandée par Renku.

renku-internal-error = Une erreur s'est produite à l'intérieur de Renku.
renku-internal-error-remedy = Rien n'est perdu : un nouvel essai aura lieu de lui-même. Si cela dure, prévenez l'équipe de Renku.

renku-origin-refused = La passerelle de Renku refuse les requêtes qui semblent venir d'une autre page web.
renku-origin-refused-remedy = Ce service n'envoie pas de Referer ; un proxy entre lui et Renku en ajoute un. La personne qui gère ce service l'y enlève, ou se connecte à Renku sans ce proxy.

renku-answer-not-understood = Renku a donné une réponse incompréhensible.
renku-answer-not-understood-remedy = La personne qui gère Renku vérifie que son API répond en JSON sous /api, et non par la page d'un proxy.

renku-api-not-offered = Ce Renku n'offre pas le service nécessaire à l'importation.
renku-api-not-offered-remedy = La personne qui gère ce service vérifie url et api dans la section [renku.NAME] : « core » pour Renku 1, « data » pour Renku 2, « auto » pour le découvrir.

## Ce service

configuration-invalid = Un réglage de ce service est inconnu ou inutilisable.
configuration-invalid-remedy = La personne qui gère ce service lance `dataverse-renku config check`, qui indique chaque clé fautive et ce qu'il faut écrire à la place.

vault-key-wrong = La clé des connexions enregistrées manque ou n'est pas la bonne.
vault-key-wrong-remedy = La personne qui gère ce service remet la clé utilisée auparavant (key_file dans la section [vault]). Si elle est perdue, chacun devra se reconnecter ; rien d'autre n'est perdu.

store-unavailable = Ce service n'arrive pas à joindre sa base de données.
store-unavailable-remedy = La personne qui gère ce service vérifie que la base de données fonctionne, que url dans la section [store] est juste et que le disque n'est pas plein. Les importations reprennent ensuite d'elles-mêmes.

schema-not-current = La base de données a la forme d'une autre version de ce service.
schema-not-current-remedy = La personne qui gère ce service la met à jour avec `dataverse-renku migrate`, ou lance la version qui l'a utilisée en dernier.

queue-unavailable = Ce service n'arrive pas à joindre son serveur de messages.
queue-unavailable-remedy = La personne qui gère ce service vérifie que RabbitMQ fonctionne et que url dans la section [queue] est juste. Rien n'est perdu ; les importations reprennent ensuite d'elles-mêmes.

given-up = L'importation a été tentée longtemps, sans succès.
given-up-remedy = Son historique montre ce qui l'a empêchée. Une fois l'obstacle levé, son propriétaire ou la personne qui gère ce service la relance avec « Réessayer », ou avec `dataverse-renku imports retry NUMBER`.

message-unreadable = Il y a dans la file d'attente un message illisible.
message-unreadable-remedy = La personne qui gère ce service l'examine dans la file des messages illisibles du tableau de bord de RabbitMQ, et l'efface s'il n'est pas des nôtres. Aucune importation n'en dépend.

internal-error = Une erreur s'est produite dans ce service.
internal-error-remedy = Réessayez. Si cela persiste, donnez l'heure et le numéro affichés ici à la personne qui gère ce service ; le journal en dit plus.

## Publications et abonnements

subscription-unknown = Cet abonnement n'existe pas ou n'est pas le vôtre.
subscription-unknown-remedy = Consultez vos abonnements sous /subscriptions. Il faut peut-être vous connecter avec le compte qui l'a créé.

operators-only = Seules les personnes qui exploitent ce service peuvent voir ou faire cela.
operators-only-remedy = La personne qui exploite ce service ajoute votre sujet (sub) de Keycloak à people dans la section [admin], ou le fait pour vous.

service-sign-in-needed = Le compte de service, qui importe ici ce que les administrateurs tiennent à jour, n'est pas connecté.
service-sign-in-needed-remedy = Sur la machine de ce service, connectez le compte de service : dataverse-renku token get --store --service, et avec plusieurs Renku --renku NOM. Ce qui attend reprend ensuite tout seul.

service-renku-sign-in-needed = Renku a besoin que le compte de service, qui importe ceci, s'y connecte de nouveau.
service-renku-sign-in-needed-remedy = Ouvrez Renku dans un navigateur avec le compte de service, déconnectez-vous puis reconnectez-vous. Ce qui attend reprend tout seul en un quart d'heure au plus.

service-project-not-writable = Le compte de service n'a pas le droit d'enregistrer dans ce projet.
service-project-not-writable-remedy = Demandez au propriétaire du projet d'en faire un membre : Editor dans Renku 2, Maintainer dans Renku 1. Relancez ensuite l'abonnement.

subscribed-otherwise = Vous tenez déjà ce projet à jour avec ce jeu de données, avec votre propre connexion.
subscribed-otherwise-remedy = Mettez d'abord fin à cet abonnement, puis demandez celui-ci.

publication-not-confirmed = L'entrepôt a annoncé une publication qu'il ne montre pas.
publication-not-confirmed-remedy = Rien n'a été importé à cause d'elle. La personne qui exploite l'entrepôt vérifie que son workflow envoie dataset.id et dataset.globalId d'un même jeu de données, comme dans la définition produite par ce service.

callback-address-refused = Une publication a été annoncée depuis une adresse qui n'y est pas autorisée.
callback-address-refused-remedy = Si c'était l'entrepôt, la personne qui exploite ce service ajoute son adresse à allowed_addresses dans la section de cet entrepôt, et le proxy inverse à trusted_proxies dans [http]. La version est importée au prochain rattrapage.

workflow-secret-missing = Aucun secret n'est défini pour les annonces de cet entrepôt.
workflow-secret-missing-remedy = La personne qui exploite ce service en crée un avec `openssl rand -hex 24`, le met dans workflow_secrets dans la section de cet entrepôt et redémarre.

resume-address-refused = L'entrepôt ne laisse pas ce service terminer son workflow : le jeu de données reste verrouillé.
resume-address-refused-remedy = La personne qui exploite l'entrepôt ajoute l'adresse de ce service, telle que Dataverse la voit, aux adresses autorisées, sur la machine de Dataverse : curl -X PUT -d '127.0.0.1;::1;ADRESSE' http://localhost:8080/api/admin/workflows/ip-whitelist . Derrière un proxy, c'est l'adresse du proxy. L'essai est répété tout seul.

resume-blocked = L'entrepôt bloque le point d'accès qui termine son workflow : le jeu de données reste verrouillé.
resume-blocked-remedy = La personne qui exploite l'entrepôt retire `workflows` des points d'accès bloqués : curl -X PUT -d 'admin,builtin-users' http://localhost:8080/api/admin/settings/:BlockedApiEndpoints (depuis Dataverse 6.7 aussi l'option dataverse.api.blocked.endpoints). L'essai est répété tout seul.

resume-refused = L'entrepôt donne une réponse inattendue quand son workflow doit être terminé : le jeu de données reste verrouillé.
resume-refused-remedy = La personne qui exploite l'entrepôt vérifie que POST /api/workflows/… atteint Dataverse depuis ici, sans page de connexion ni redirection. L'essai est répété tout seul.

resume-given-up = Le workflow de l'entrepôt n'a pas pu être terminé pendant une journée entière ; le jeu de données est peut-être encore verrouillé.
resume-given-up-remedy = La personne qui exploite l'entrepôt le termine sur la machine de Dataverse, avec le nom de l'invocation pris dans le journal : curl -X POST -H 'Content-Type: text/plain' -d OK http://localhost:8080/api/workflows/INVOCATION . Si le verrou reste : curl -X DELETE -H 'X-Dataverse-key: JETON-SUPERUSER' 'http://localhost:8080/api/datasets/NUMERO/locks?type=Workflow' .

mail-not-sent = Le serveur de courrier n'a pas accepté un message.
mail-not-sent-remedy = La personne qui exploite ce service vérifie la section [mail] ; les mots du serveur de courrier sont dans le journal. Les imports n'en dépendent pas.
