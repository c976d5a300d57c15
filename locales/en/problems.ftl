# Every problem of the catalogue: what happened, and what to do. The codes are those of src/domain/problem.rs.

## What was asked of us

pid-invalid = This is not the identifier or the address of a dataset.
pid-invalid-remedy = Enter a DOI such as doi:10.5072/FK2/ABCDEF, or copy the address of the dataset's page.

pid-of-another-installation = This dataset belongs to a repository that this service is not connected to.
pid-of-another-installation-remedy = Check the identifier, or choose the repository in which the dataset was published.

installation-not-named = It is not clear from which repository the dataset shall come.
installation-not-named-remedy = Choose one of the repositories offered here.

installation-unknown = No repository of this name is connected here.
installation-unknown-remedy = Choose one of the repositories offered here. If you came from a dataset page, tell whoever runs that repository that its button leads to a wrong address.

renku-unknown = It is not clear into which Renku the dataset shall go.
renku-unknown-remedy = Choose one of the Renkus offered here.

project-address-invalid = This is not the address of a project.
project-address-invalid-remedy = Copy the address from your browser while the project is open in Renku. It begins with https:// and ends with the group and the project's name.

project-host-not-allowed = Projects at this address cannot be reached from this Renku.
project-host-not-allowed-remedy = Use a project that you opened in this Renku. If it should be allowed, whoever runs this service adds its host to git_hosts in the section of that Renku.

dataset-name-invalid = Renku does not accept this name for a dataset.
dataset-name-invalid-remedy = Use letters, digits, dots, hyphens and underscores, beginning and ending with a letter or digit; or leave it empty and get a fitting one.

request-invalid = The request is incomplete or has something in it that cannot be used.
request-invalid-remedy = Correct the field that is named and send it again. Programs find every field in /api/docs.

request-too-large = The request is larger than this service accepts.
request-too-large-remedy = Send a smaller one. Whoever runs this service can raise max_body in the section [http].

no-such-page = There is no page at this address.
no-such-page-remedy = Check the address, or begin at the start page.

method-not-allowed = This address cannot be used in this way.
method-not-allowed-remedy = Programs find the methods of each address in /api/docs.

content-type-not-supported = The request is not in a form that this address reads.
content-type-not-supported-remedy = Send JSON, with the header Content-Type: application/json.

idempotency-key-reused = This Idempotency-Key was already used for a different request.
idempotency-key-reused-remedy = Use a new key for each new request, and the same key only to repeat exactly the same request.

launch-invalid = The link from the repository is incomplete or damaged.
launch-invalid-remedy = Go back to the dataset's page and click “Import into Renku” again. If it happens again, tell the repository's team: they find in docs/DATAVERSE.md how the button is registered.

launch-foreign = This link leads to another place than the repository, so it was not followed.
launch-foreign-remedy = Begin at the dataset's page in your repository and click “Import into Renku” there. If that is what you did, tell whoever runs this service: the repository's site_url may be another than the one that the repository has itself.

launch-expired = The link from the repository has expired.
launch-expired-remedy = Such a link is good for five minutes. Go back to the dataset's page, load it again and click “Import into Renku” once more. If it happens every time, tell the repository's team to look into docs/DATAVERSE.md.

launch-unknown = This page is over: it is kept for one hour.
launch-unknown-remedy = Go back to the dataset's page in your repository and click “Import into Renku” again.

launch-used = Somebody else has already imported with this page.
launch-used-remedy = Go back to the dataset's page in your repository and click “Import into Renku” again.

launch-busy = This dataset is being imported at this moment, from another window.
launch-busy-remedy = Wait a moment and load this page again: it leads to the import.

import-unknown = There is no such import among yours.
import-unknown-remedy = Check the number, and whether you are signed in as the person who asked for the import.

not-possible-now = The import is in a state in which this cannot be done.
not-possible-now-remedy = Reload the page to see where it stands now.

form-not-ours = This form was not sent from a page of your present session.
form-not-ours-remedy = Go back to the page, reload it and send the form again. Your browser must accept this service's cookies.

too-many-requests = There were too many requests in a short time.
too-many-requests-remedy = Nothing is lost. Wait a moment and try again.

service-busy = So many people are being served that there is no place left at the moment.
service-busy-remedy = Nothing is lost. Try again in a minute.

## Signing in

sign-in-needed = You need to sign in so that the import can go on in your name.
sign-in-needed-remedy = Sign in here. The import keeps its place and goes on by itself afterwards.

sign-in-attempt-unknown = This sign-in is over: it took too long, was finished already, or began in another browser.
sign-in-attempt-unknown-remedy = Sign in again from here, in one browser and without going back.

sign-in-refused = The sign-in was cancelled or refused.
sign-in-refused-remedy = Sign in again and agree to what is asked. If you were refused although you agreed, ask whoever runs Renku whether your account may use this service.

renku-sign-in-needed = Renku needs you to sign in there again.
renku-sign-in-needed-remedy = Open Renku in your browser, sign out and sign in again. The import notices it within a quarter of an hour and goes on by itself.

token-missing = The request does not say who is asking.
token-missing-remedy = Send a Renku access token in the header Authorization: Bearer. A device sign-in as the client `renku-cli` gives one, as `renku login` does it.

token-unreadable = The token is not one of Renku's sign-in.
token-unreadable-remedy = Use an access token from Renku's Keycloak, not one of GitLab or JupyterHub. A device sign-in as the client `renku-cli` gives one, as `renku login` does it.

token-signature-wrong = The token was not issued by Renku's sign-in.
token-signature-wrong-remedy = Get a new token from the Renku for which you ask, by a device sign-in as the client `renku-cli`.

token-expired = The token's time is over.
token-expired-remedy = Sign in here again: an import that waits goes on by itself. A program gets a new token by a device sign-in as the client `renku-cli`.

token-issuer-mismatch = The token comes from the sign-in of another Renku.
token-issuer-mismatch-remedy = Get a token from the Renku for which you ask. If it is the right one, whoever runs this service corrects issuer in the section [renku.NAME.oidc].

token-without-audience = Renku's sign-in gives out tokens that Renku itself will not accept.
token-without-audience-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector → Client scopes → dataverse-connector-dedicated → Add mapper → By configuration → Audience, sets Included Client Audience to `renku`, switches Add to access token on and saves. Or on the command line: kcadm.sh create clients/UUID/protocol-mappers/models -r Renku -s name=renku-audience -s protocol=openid-connect -s protocolMapper=oidc-audience-mapper -s 'config."included.client.audience"=renku' -s 'config."access.token.claim"=true'. Then sign in again.

token-client-not-accepted = Renku's gateway does not accept sign-ins that were made through this service.
token-client-not-accepted-remedy = Renku 1 with the Go gateway accepts tokens of `renku` and `renku-cli` only. Whoever runs this service sets flow = "device" and client_id = "renku-cli" in the section [renku.NAME.oidc], after agreeing on it with whoever runs Renku. Or whoever runs Renku adds an entry to the gateway's `authorizationVerifiers`, and again after each update of Renku: `issuer: ISSUER, audience: renku, authorizedParty: dataverse-connector`.

token-without-subject = Renku's sign-in does not say who you are.
token-without-subject-remedy = Whoever runs Renku's Keycloak (25 or later) opens the realm Renku: Clients → dataverse-connector → Client scopes → Add client scope → basic → Default. On the command line: kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Then sign in again.

token-without-email = Renku's sign-in does not give out your e-mail address, and Renku cannot work without it.
token-without-email-remedy = Whoever runs Renku's Keycloak opens the realm Renku, checks under Users → the person → Details that Email is filled in, and adds under Clients → dataverse-connector → Client scopes the scope `email` as Default. On the command line: kcadm.sh update users/UUID -r Renku -s email=ADDRESS -s emailVerified=true; kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Then sign in again.

token-without-name = Renku's sign-in does not give out your name, and Renku needs it for what is saved in your name.
token-without-name-remedy = Fill in your first and last name in your Keycloak account. Or whoever runs Renku's Keycloak does it under Users → the person → Details and adds under Clients → dataverse-connector → Client scopes the scope `profile` as Default. On the command line: kcadm.sh update users/UUID -r Renku -s firstName=FIRST -s lastName=LAST; kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Then sign in again.

token-refused-by-renku = Renku does not accept your sign-in, although nothing is wrong with it as far as we can see.
token-refused-by-renku-remedy = Sign out of Renku and in again. If it stays, whoever runs Renku looks into the gateway's log, and checks that its clock is right and that it uses the issuer that `dataverse-renku config show` prints.

issuer-not-found = Renku's sign-in cannot be found at the configured address.
issuer-not-found-remedy = Whoever runs this service corrects issuer in the section [renku.NAME.oidc]. Older Keycloaks have /auth in it (https://HOST/auth/realms/Renku), newer ones often not (https://HOST/realms/Renku). The right one answers: `curl -s ISSUER/.well-known/openid-configuration`.

issuer-mismatch = Renku's sign-in calls itself by another address than the configured one.
issuer-mismatch-remedy = Whoever runs this service copies the value of "issuer" from ISSUER/.well-known/openid-configuration into issuer in the section [renku.NAME.oidc].

client-refused = Renku's sign-in does not accept this service's secret.
client-refused-remedy = Whoever runs this service compares client_id and client_secret in the section [renku.NAME.oidc] with Keycloak: realm Renku → Clients → dataverse-connector → Credentials → Client secret. On the command line: `dataverse-renku register --keycloak NAME --json --with-secret | kcadm.sh update clients/UUID -r Renku -f -`.

flow-not-allowed = Renku's sign-in does not allow this service to sign people in this way.
flow-not-allowed-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector → Settings → Capability config and switches on Standard flow (for flow = "code") or OAuth 2.0 Device Authorization Grant (for flow = "device"). Direct access grants stay off. The redirect address must stand under Valid redirect URIs. For a name and a password Consent required must be off, too (Login settings): kcadm.sh update clients/UUID -r Renku -s consentRequired=false.

client-unknown = Renku's sign-in does not know this service, or has switched it off.
client-unknown-remedy = Whoever runs Renku's Keycloak makes the client, or switches it on: realm Renku → Clients → Create client. On the command line: `dataverse-renku register --keycloak NAME --json --with-secret | kcadm.sh create clients -r Renku -f -`. If it is there under another name, whoever runs this service corrects client_id in the section [renku.NAME.oidc].

client-disabled = Renku's sign-in knows this service and has switched it off.
client-disabled-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector and switches Enabled on, at the top right. Or on the command line: kcadm.sh update clients/UUID -r Renku -s enabled=true.

redirect-address-not-registered = Renku's sign-in does not send people back to this service's address.
redirect-address-not-registered-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector → Settings → Valid redirect URIs and adds the address that is named, exactly as it is written. Or on the command line: kcadm.sh update clients/UUID -r Renku -s 'redirectUris+=ADDRESS'.

code-flow-off = Renku's sign-in does not let this service sign people in through the browser.
code-flow-off-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector → Settings → Capability config and switches Standard flow on. Or on the command line: kcadm.sh update clients/UUID -r Renku -s standardFlowEnabled=true.

device-flow-off = Renku's sign-in does not let this service sign people in with a code.
device-flow-off-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → the client → Settings → Capability config and switches OAuth 2.0 Device Authorization Grant on. Or on the command line: kcadm.sh update clients/UUID -r Renku -s 'attributes."oauth2.device.authorization.grant.enabled"=true'.

password-flow-off = Renku's sign-in gives this client no token for a name and a password, and that is as it should be.
password-flow-off-remedy = Use `dataverse-renku token get` without --password. Whoever runs Renku's Keycloak could switch Direct access grants on under Clients → the client → Settings → Capability config; every program that asks then sees people's passwords. On the command line: kcadm.sh update clients/UUID -r Renku -s directAccessGrantsEnabled=true.

pkce-refused = Renku's sign-in wants another kind of proof (PKCE) from this service than S256.
pkce-refused-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector → Advanced → Advanced settings and sets Proof Key for Code Exchange Code Challenge Method to S256. Or on the command line: kcadm.sh update clients/UUID -r Renku -s 'attributes."pkce.code.challenge.method"=S256'.

scope-not-granted = Renku's sign-in does not give this service all that it asks for.
scope-not-granted-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Clients → dataverse-connector → Client scopes → Add client scope and adds the one that is named: `offline_access` as Optional, any other as Default. Or on the command line: kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku.

offline-access-refused = Renku's sign-in does not let this person give a lasting permission.
offline-access-refused-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Users → the person → Role mapping → Assign role and assigns `offline_access`. Or whoever runs this service takes it out of scopes in the section [renku.NAME.oidc]. On the command line: kcadm.sh add-roles -r Renku --uusername NAME --rolename offline_access.

consent-missing = Renku's sign-in wants you to agree that this service acts in your name.
consent-missing-remedy = Sign in here again and agree. Or whoever runs Renku's Keycloak switches Consent required off in the realm Renku: Clients → dataverse-connector → Settings → Login settings. On the command line: kcadm.sh update clients/UUID -r Renku -s consentRequired=false.

realm-disabled = Renku's sign-in is switched off for everybody.
realm-disabled-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Realm settings and switches Enabled on, at the top right. Or on the command line: kcadm.sh update realms/Renku -s enabled=true.

account-disabled = The person's account at Renku's sign-in is switched off.
account-disabled-remedy = Whoever runs Renku's Keycloak opens the realm Renku: Users → the person and switches Enabled on, at the top right. Or on the command line: kcadm.sh update users/UUID -r Renku -s enabled=true.

account-not-ready = Your account at Renku's sign-in has something open that you must do yourself, such as a new password or a second factor.
account-not-ready-remedy = Sign in to Renku in your browser, where you are asked for it, and then here again. Whoever runs Renku's Keycloak sees it under Users → the person → Details → Required user actions. On the command line: kcadm.sh update users/UUID -r Renku -s 'requiredActions=[]'.

keycloak-not-trusted = The certificate of Renku's sign-in is not trusted by this service.
keycloak-not-trusted-remedy = If Renku has a certificate authority of its own, whoever runs this service adds its certificate to the machine's trusted ones, or names the file in the variable SSL_CERT_FILE. Else whoever runs Renku checks that the certificate is valid today and for this host. What it shows: `openssl s_client -showcerts -connect HOST:443`.

clock-differs = The clocks of this service and of the other side differ, so that tokens seem to be over or not yet valid.
clock-differs-remedy = Whoever runs this service sets its clock by the network, for instance with `timedatectl set-ntp true`; if it is right, the other side does the same.

keycloak-answer-not-understood = Renku's sign-in gave an answer that makes no sense.
keycloak-answer-not-understood-remedy = Whoever runs Renku checks that its Keycloak answers at the issuer's address and not a proxy's error page.

keycloak-unreachable = Renku's sign-in cannot be reached at the moment.
keycloak-unreachable-remedy = Nothing is lost: it is tried again by itself. If it lasts, tell whoever runs Renku.

## The dataset and its repository

dataset-unknown = The repository has no such dataset, or it is not public.
dataset-unknown-remedy = Check the identifier. Only published datasets can be imported.

dataset-not-published = The dataset is a draft and not published yet.
dataset-not-published-remedy = Publish it in the repository, or ask its curators to, and import it then.

dataset-not-public = This dataset is published, but not for everybody.
dataset-not-public-remedy = Renku reads datasets without a sign-in, so it cannot see this one. Ask the repository's team to open it to the public.

dataset-deaccessioned = The dataset was withdrawn from the repository.
dataset-deaccessioned-remedy = The dataset's page says why. Ask the repository's curators whether another dataset takes its place.

version-unknown = The dataset has no such version.
version-unknown-remedy = Choose a version from the list on the dataset's page, or leave the version out to get the latest.

version-not-latest = This Renku can only take the latest version of a dataset, and an older one was asked for.
version-not-latest-remedy = Import the latest version; leave the version out.

dataset-has-closed-files = Some files of the dataset are not open to everyone: Renku 1 then imports none of them, and in Renku 2 they cannot be opened.
dataset-has-closed-files-remedy = Ask the dataset's owner or the repository's curators to open the restricted or embargoed files, or to publish the open ones as a dataset of their own.

dataset-has-guestbook = The repository asks everyone to fill in a form before downloading, which Renku cannot do.
dataset-has-guestbook-remedy = Ask the repository's curators to take the guestbook off this dataset: Edit → Terms → Guestbook.

dataset-empty = This version of the dataset has no files.
dataset-empty-remedy = Choose a version that has files, or a dataset that contains data.

dataset-has-too-many-files = The dataset has more files than Renku can fetch in the time it allows itself.
dataset-has-too-many-files-remedy = Ask the dataset's owner to bundle files into archives, or choose a smaller dataset. Whoever runs this service can raise most_files in the section of that Renku.

dataset-too-large = The dataset is larger than what Renku can fetch in the time it allows itself.
dataset-too-large-remedy = Choose a smaller dataset, or download the files that you need and add them to your project yourself. Whoever runs this service can raise most_bytes in the section of that Renku.

dataset-has-equal-names = The dataset has files of the same name in different folders; Renku ignores folders and would keep only one of them.
dataset-has-equal-names-remedy = Ask the dataset's owner to give the files different names, or add them to your project yourself.

export-behind = The repository has not prepared this version for Renku yet.
export-behind-remedy = There is nothing to do: the import goes on as soon as the repository is ready, mostly within minutes.

export-without-files = The repository does not tell Renku where the dataset's files are.
export-without-files-remedy = Whoever runs the Dataverse sets dataverse.files.hide-schema-dot-org-download-urls to false and has the dataset exported again: curl http://localhost:8080/api/admin/metadata/:persistentId/reExportDataset?persistentId=DOI

file-not-downloadable = Renku could not download a file that the repository lists.
file-not-downloadable-remedy = Try to download the file that is named from the dataset's page. If that fails, tell the repository's curators; if it works, try the import again.

doi-needed = Renku 2 only takes datasets that have a DOI, and this one has another kind of identifier.
doi-needed-remedy = Nothing can be done from here: ask the repository's team whether the dataset can be given a DOI.

doi-for-tests = The dataset's DOI is one for tests, and Renku cannot find out where it leads.
doi-for-tests-remedy = Whoever runs the Dataverse gives datasets real DOIs. On a Renku for tests, whoever runs this service can set doi_resolver in the section [renku.NAME].

doi-not-resolvable = Renku cannot find out where the dataset's DOI leads.
doi-not-resolvable-remedy = Right after a publication that may take some minutes, and the import goes on by itself. If the dataset is older, open https://doi.org/ followed by the DOI: if that fails, tell the repository's team that the DOI is not registered.

dataverse-unreachable = The repository cannot be reached at the moment.
dataverse-unreachable-remedy = Nothing is lost: it is tried again by itself. If it lasts, tell whoever runs the repository.

dataverse-rate-limited = The repository asks us to slow down.
dataverse-rate-limited-remedy = Nothing is lost: the import goes on by itself after the pause that the repository asked for.

dataverse-refused = The repository refuses to answer this service.
dataverse-refused-remedy = Whoever runs the Dataverse lets the address of this service through (firewall, bot protection, blocked API endpoints) and checks the API token, if one is configured.

tool-not-registered = The repository has no button that leads to this service.
tool-not-registered-remedy = Whoever runs the Dataverse registers it: `dataverse-renku register --installation NAME` shows what is missing, and with --apply or by the commands that it prints it is registered.

tool-differs = The button in the repository is not the one that this service needs.
tool-differs-remedy = Whoever runs the Dataverse replaces it: `dataverse-renku register --installation NAME` shows the difference, and with --apply or by the commands that it prints it is replaced.

dataverse-answer-not-understood = The repository gave an answer that makes no sense.
dataverse-answer-not-understood-remedy = Whoever runs the Dataverse checks that its API answers with JSON under /api and not with a proxy's page. Reindexing or re-exporting the dataset may help.

dataverse-answer-too-large = The repository's answer about this dataset is too large.
dataverse-answer-too-large-remedy = The dataset probably has very many files. Whoever runs this service finds in the logs which answer it was.

## The project and Renku

project-not-found = Renku does not find this project, or you may not see it.
project-not-found-remedy = Open the project in Renku with the account with which you signed in here and copy its address from there. If you cannot open it, ask its owner to add you.

project-not-readable = You may see this project, but not read its files.
project-not-readable-remedy = Ask the project's owner to make you a member with the role Developer or Maintainer.

project-not-writable = You may not save anything in this project.
project-not-writable-remedy = Ask the project's owner to make you a member who may change it (Renku 1: Maintainer in GitLab; Renku 2: Editor), or use a project of your own. In Renku 1 a protected branch can also be the reason: GitLab → Settings → Repository → Protected branches.

project-not-renku = This repository is not a Renku project.
project-not-renku-remedy = Choose a project that was made in Renku, or create a new one there.

project-name-taken = A project of this name is there already.
project-name-taken-remedy = Choose it from the list of projects, or give the new one another name.

project-name-invalid = Renku cannot make a project of this name.
project-name-invalid-remedy = Use 1 to 99 characters, with at least one letter from a to z or a digit among them.

project-creation-refused = You may not make projects in this place.
project-creation-refused-remedy = Choose your own place or another group. If that does not help, ask whoever runs Renku whether everybody may make projects.

connector-of-another-doi = Renku already uses this dataset's short name for a dataset with another DOI.
connector-of-another-doi-remedy = Whoever runs Renku compares both data connectors: two DOIs that differ in signs like / - or . only have one short name there. Nothing was linked.

project-needs-migration = The project was made with an older Renku and must be updated first.
project-needs-migration-remedy = Open the project in Renku and update it under its settings, or start the import again and agree to the update.

project-migration-failed = The update of the project that you agreed to did not work.
project-migration-failed-remedy = Open the project in Renku and update it there, where details are shown; or run `renku migrate` in a session. Then start the import again.

project-too-new = The project needs a newer Renku than this one.
project-too-new-remedy = Whoever runs Renku updates it. Until then use a project that was made in this Renku.

project-damaged = The project's Renku data are damaged.
project-damaged-remedy = Open the project in a Renku session, run `renku doctor` and follow what it says; or use another project.

project-busy = Something else is being saved in the project at the moment.
project-busy-remedy = There is nothing to do: the import goes on when the project is free again.

project-clone-dirty = Renku still has remains of an earlier attempt in this project.
project-clone-dirty-remedy = There is nothing to do: Renku clears them after about half an hour, and the import is then tried once more.

dataset-name-taken = The project already has another dataset of this name.
dataset-name-taken-remedy = Start the import again with another name, or delete the old dataset in Renku if you do not need it any more.

dataset-not-recognised-by-renku = Renku does not recognise this address as a dataset of a Dataverse.
dataset-not-recognised-by-renku-remedy = Whoever runs Renku checks that it can open, from where it runs, the page to which the dataset's DOI leads and /api/info/version of the repository. Renku 1: the core service must be current. Renku 2: that page's address must have persistentId in it, and the repository must be at the root of its host.

renku-cannot-reach-dataverse = Renku cannot reach the repository.
renku-cannot-reach-dataverse-remedy = Whoever runs Renku lets it open connections to the repository (proxy, firewall, certificates): in Renku 1 the core service, in Renku 2 the data service and the sessions. Then try the import again.

push-failed = Renku fetched the files, but could not save them in your project.
push-failed-remedy = Check in GitLab that you may write to the project's default branch (Settings → Repository → Protected branches) and that its storage is not full. Then try again.

renku-out-of-space = There is no space left in Renku or in your project.
renku-out-of-space-remedy = Delete what you do not need from the project. If the project is small, whoever runs Renku makes room on the core service's disk or raises the project's quota in GitLab.

renku-import-failed = Renku could not import the dataset, for a reason that we do not know.
renku-import-failed-remedy = Read Renku's own words beside this message. If they do not help, give them and the import's number to whoever runs Renku.

renku-job-lost = Renku did not find the time for the import and dropped it.
renku-job-lost-remedy = There is nothing to do: it is handed over again. If it happens often, whoever runs Renku should give its core service more workers.

renku-job-stuck = Renku did not finish the import in the time it allows itself.
renku-job-stuck-remedy = Try it again when Renku is less busy, or with a smaller dataset. If it stays, whoever runs Renku looks into the log of the core service's workers; they may have run out of memory.

dataset-not-in-project = Renku reports success, but the dataset is not in the project.
dataset-not-in-project-remedy = Look into the project, and also at its other branches. If the dataset is nowhere, give the import's number to whoever runs Renku.

renku-unreachable = Renku cannot be reached at the moment.
renku-unreachable-remedy = Nothing is lost: it is tried again by itself. If it lasts, tell whoever runs Renku.

renku-rate-limited = Renku asks us to slow down.
renku-rate-limited-remedy = Nothing is lost: the import goes on by itself after the pause that Renku asked for.

renku-internal-error = Something went wrong inside Renku.
renku-internal-error-remedy = Nothing is lost: it is tried again by itself. If it lasts, tell whoever runs Renku.

renku-origin-refused = Renku's gateway refuses requests that seem to come from another web page.
renku-origin-refused-remedy = This service sends no Referer; a proxy between it and Renku adds one. Whoever runs this service takes it out there, or connects to Renku without that proxy.

renku-answer-not-understood = Renku gave an answer that makes no sense.
renku-answer-not-understood-remedy = Whoever runs Renku checks that its API answers with JSON under /api and not with a proxy's page.

renku-api-not-offered = This Renku does not offer the service that is needed for the import.
renku-api-not-offered-remedy = Whoever runs this service checks url and api in the section [renku.NAME]: "core" is for Renku 1, "data" for Renku 2, "auto" finds out.

## This service

configuration-invalid = A setting of this service is unknown or cannot be used.
configuration-invalid-remedy = Whoever runs this service runs `dataverse-renku config check`, which names every key that is wrong and what to write instead.

vault-key-wrong = The key to the stored sign-ins is missing or is another one.
vault-key-wrong-remedy = Whoever runs this service puts back the key with which it ran before (key_file in the section [vault]). If it is lost, everybody has to sign in again; nothing else is lost.

store-unavailable = This service cannot reach its database.
store-unavailable-remedy = Whoever runs this service checks that the database runs, that url in the section [store] is right and that its disk is not full. Imports go on by themselves afterwards.

schema-not-current = The database has the form of another version of this service.
schema-not-current-remedy = Whoever runs this service brings it up to date with `dataverse-renku migrate`, or runs the version that has worked with it last.

queue-unavailable = This service cannot reach its message broker.
queue-unavailable-remedy = Whoever runs this service checks that RabbitMQ runs and that url in the section [queue] is right. Nothing is lost; imports go on by themselves afterwards.

given-up = The import was tried for a long time and did not succeed.
given-up-remedy = Its timeline shows what stood in the way. When that is mended, its owner or whoever runs this service sends it on with "Try again", or with `dataverse-renku imports retry NUMBER`.

message-unreadable = There is a message on the queue that cannot be read.
message-unreadable-remedy = Whoever runs this service looks at it in the queue of unreadable messages in RabbitMQ's dashboard, and deletes it if it is not ours. No import depends on it.

internal-error = Something went wrong in this service.
internal-error-remedy = Try it again. If it stays, give the time and the number shown here to whoever runs this service; the log says more.

## Publications and subscriptions

subscription-unknown = There is no such subscription, or it is not yours.
subscription-unknown-remedy = Look through your subscriptions under /subscriptions. You may have to sign in with the account that made it.

operators-only = Only whoever runs this service may see or do this.
operators-only-remedy = Whoever runs this service adds your subject (sub) at Keycloak to people in the section [admin], or does it for you.

service-sign-in-needed = The service person, who imports here what administrators keep up to date, is not signed in.
service-sign-in-needed-remedy = Sign in as the service person on the machine of this service: dataverse-renku token get --store --service, with several Renkus also --renku NAME. What waits goes on by itself.

service-renku-sign-in-needed = Renku needs the service person, who imports this, to sign in there again.
service-renku-sign-in-needed-remedy = Open Renku in a browser as the service person, sign out and sign in again. What waits goes on by itself within a quarter of an hour.

service-project-not-writable = The service person may not save anything in this project.
service-project-not-writable-remedy = Ask the project's owner to make the service person a member: as Editor in Renku 2, as Maintainer in Renku 1. Then let the subscription go on.

subscribed-otherwise = You keep this project up to date with this dataset already, with your own sign-in.
subscribed-otherwise-remedy = End that subscription first, then ask for this one.

publication-not-confirmed = The repository announced a publication that it does not show.
publication-not-confirmed-remedy = Nothing was imported because of it. Whoever runs the repository checks that its workflow sends dataset.id and dataset.globalId of one dataset, as in the definition made by this service.

callback-address-refused = A publication was announced from an address that is not allowed to.
callback-address-refused-remedy = If it was the repository, whoever runs this service adds its address to allowed_addresses in the section of that repository, and the reverse proxy to trusted_proxies in [http]. The version is imported by the next catch-up.

workflow-secret-missing = No secret is set for the announcements of this repository.
workflow-secret-missing-remedy = Whoever runs this service makes one with `openssl rand -hex 24`, puts it into workflow_secrets in the section of that repository, and restarts.

resume-address-refused = The repository does not let this service finish its workflow, so that the dataset stays locked.
resume-address-refused-remedy = Whoever runs the repository adds the address of this service, as Dataverse sees it, to the allowed ones, on Dataverse's own machine: curl -X PUT -d '127.0.0.1;::1;ADDRESS' http://localhost:8080/api/admin/workflows/ip-whitelist . Behind a proxy it is the proxy's address. It is tried again by itself.

resume-blocked = The repository blocks the endpoint that finishes its workflow, so that the dataset stays locked.
resume-blocked-remedy = Whoever runs the repository takes `workflows` off the blocked endpoints: curl -X PUT -d 'admin,builtin-users' http://localhost:8080/api/admin/settings/:BlockedApiEndpoints (since Dataverse 6.7 also the option dataverse.api.blocked.endpoints). It is tried again by itself.

resume-refused = The repository gives an unexpected answer when its workflow is to be finished, so that the dataset stays locked.
resume-refused-remedy = Whoever runs the repository checks that POST /api/workflows/… reaches Dataverse from here, without a sign-in page or redirect in between. It is tried again by itself.

resume-given-up = The repository's workflow could not be finished for a whole day; the dataset may still be locked.
resume-given-up-remedy = Whoever runs the repository finishes it on Dataverse's own machine, with the invocation's name from the log: curl -X POST -H 'Content-Type: text/plain' -d OK http://localhost:8080/api/workflows/INVOCATION . If the lock is still there afterwards: curl -X DELETE -H 'X-Dataverse-key: SUPERUSER-TOKEN' 'http://localhost:8080/api/datasets/DATASET-ID/locks?type=Workflow' .

mail-not-sent = The mail server did not take a mail.
mail-not-sent-remedy = Whoever runs this service checks the section [mail]; the mail server's own words are in the log. Imports do not depend on it.
