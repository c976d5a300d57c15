# Des mots pour ce que le programme connaît par des noms courts. Les noms sont ceux du domaine.

## Phases d'une importation

phase-queued = Attend son tour
phase-submitting = Est confiée à Renku
phase-running = Renku cherche les fichiers
phase-verifying = Est comparée avec l'entrepôt
phase-succeeded = Arrivée
phase-failed = Non arrivée
phase-cancelled = Annulée
phase-superseded = Remplacée par une importation plus récente
phase-parked = Mise de côté

## Ce qu'attend une importation

condition-none = Continue d'elle-même
condition-retry-at = Attend le prochain essai
condition-sign-in = Attend que vous vous connectiez
condition-dataset = Attend l'entrepôt

## À quel point elle a réussi

outcome-complete = Complète
outcome-incomplete = Il manque des fichiers
outcome-on-side-branch = Complète, sur une branche à part que vous devez encore fusionner

## Ce qui a été comparé

compared-link = le lien vers le jeu de données (rien n'a été copié)
compared-names = les noms des fichiers
compared-sizes = les noms et les tailles des fichiers
compared-checksums = les noms, les tailles et les sommes de contrôle des fichiers

## À qui de jouer

turn-researcher = C'est à vous d'agir
turn-renku-admin = C'est à l'équipe de Renku d'agir
turn-dataverse-admin = C'est à l'équipe de l'entrepôt d'agir
turn-operator = C'est à la personne qui gère ce service d'agir
turn-nobody = Personne n'a rien à faire

## Où se connecter

sign-in-at-connector = Connectez-vous ici
sign-in-at-renku = Connectez-vous à Renku

## L'historique d'une importation

event-created = L'importation a été demandée
event-planned = Son tour est venu ; le jeu de données a été lu
event-begun = Elle est en train d'être confiée à Renku
event-left-nothing = Renku ne l'a pas prise
event-stood-back = Elle a cédé sa place et attend un autre tour
event-submitted = Renku l'a acceptée
event-seen-at-work = Renku a commencé à y travailler
event-tries-again = Elle a échoué et sera tentée encore une fois
event-landed = Renku annonce avoir fini
event-verified = Elle a été comparée avec l'entrepôt
event-waits = Elle attend
event-failed = Elle s'est révélée impossible
event-parked = Elle a été mise de côté
event-cancelled = Elle a été annulée
event-left-job = Renku y travaille encore, bien qu'elle soit annulée
event-left-is-over = Renku a cessé d'y travailler
event-superseded = Une importation plus récente a pris sa place
event-sent-on = Elle a été relancée
event-undone = Le lien a été retiré du projet
event-retried = Nouvel essai, sur demande
