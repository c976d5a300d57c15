# Alle Probleme des Katalogs: was geschehen ist und was zu tun ist. Die Kennungen sind die aus src/domain/problem.rs.

## Was von uns verlangt wird

pid-invalid = Das ist weder die Kennung noch die Adresse eines Datensatzes.
pid-invalid-remedy = Geben Sie eine DOI wie doi:10.5072/FK2/ABCDEF ein, oder kopieren Sie die Adresse der Seite des Datensatzes.

pid-of-another-installation = Dieser Datensatz gehört zu einem Repositorium, mit dem dieser Dienst nicht verbunden ist.
pid-of-another-installation-remedy = Prüfen Sie die Kennung, oder wählen Sie das Repositorium, in dem der Datensatz veröffentlicht wurde.

installation-not-named = Es ist nicht klar, aus welchem Repositorium der Datensatz kommen soll.
installation-not-named-remedy = Wählen Sie eines der hier angebotenen Repositorien.

installation-unknown = Ein Repositorium dieses Namens ist hier nicht angeschlossen.
installation-unknown-remedy = Wählen Sie eines der hier angebotenen Repositorien. Wenn Sie von der Seite eines Datensatzes kommen, sagen Sie dem Team des Repositoriums, dass sein Knopf an eine falsche Adresse führt.

renku-unknown = Es ist nicht klar, in welches Renku der Datensatz gehen soll.
renku-unknown-remedy = Wählen Sie eines der hier angebotenen Renkus.

project-address-invalid = Das ist nicht die Adresse eines Projekts.
project-address-invalid-remedy = Kopieren Sie die Adresse aus Ihrem Browser, während das Projekt in Renku geöffnet ist. Sie beginnt mit https:// und endet mit der Gruppe und dem Namen des Projekts.

project-host-not-allowed = Projekte unter dieser Adresse sind von diesem Renku aus nicht erreichbar.
project-host-not-allowed-remedy = Nehmen Sie ein Projekt, das Sie in diesem Renku geöffnet haben. Soll die Adresse erlaubt sein, ergänzt die Betreuung dieses Dienstes den Host unter git_hosts im Abschnitt dieses Renku.

dataset-name-invalid = Renku nimmt diesen Namen für einen Datensatz nicht an.
dataset-name-invalid-remedy = Verwenden Sie Buchstaben, Ziffern, Punkte, Binde- und Unterstriche, mit einem Buchstaben oder einer Ziffer am Anfang und am Ende; oder lassen Sie das Feld leer, dann entsteht ein passender Name.

request-invalid = Die Anfrage ist unvollständig oder enthält etwas Unbrauchbares.
request-invalid-remedy = Berichtigen Sie das genannte Feld und senden Sie sie noch einmal. Programme finden alle Felder unter /api/docs.

request-too-large = Die Anfrage ist größer, als dieser Dienst annimmt.
request-too-large-remedy = Senden Sie eine kleinere. Die Betreuung dieses Dienstes kann max_body im Abschnitt [http] erhöhen.

no-such-page = Unter dieser Adresse gibt es keine Seite.
no-such-page-remedy = Prüfen Sie die Adresse, oder beginnen Sie auf der Startseite.

method-not-allowed = Diese Adresse lässt sich so nicht benutzen.
method-not-allowed-remedy = Programme finden die Methoden jeder Adresse unter /api/docs.

content-type-not-supported = Die Anfrage hat keine Form, die diese Adresse lesen kann.
content-type-not-supported-remedy = Senden Sie JSON mit der Kopfzeile Content-Type: application/json.

idempotency-key-reused = Dieser Idempotency-Key wurde schon für eine andere Anfrage benutzt.
idempotency-key-reused-remedy = Nehmen Sie für jede neue Anfrage einen neuen Schlüssel, und denselben nur, um genau dieselbe Anfrage zu wiederholen.

launch-invalid = Der Link aus dem Repositorium ist unvollständig oder beschädigt.
launch-invalid-remedy = Gehen Sie zurück zur Seite des Datensatzes und klicken Sie noch einmal auf „Import into Renku“. Wenn es wieder geschieht, sagen Sie dem Team des Repositoriums Bescheid: in docs/DATAVERSE.md steht, wie der Knopf registriert wird.

launch-foreign = Dieser Link führt woandershin als zum Repositorium; ihm wurde deshalb nicht gefolgt.
launch-foreign-remedy = Beginnen Sie auf der Seite des Datensatzes in Ihrem Repositorium und klicken Sie dort auf „Import into Renku“. Wenn Sie das getan haben, sagen Sie den Betreibern dieses Dienstes Bescheid: vielleicht ist site_url eine andere Adresse als die, die sich das Repositorium selbst gibt.

launch-expired = Der Link aus dem Repositorium ist abgelaufen.
launch-expired-remedy = Ein solcher Link gilt fünf Minuten. Gehen Sie zurück zur Seite des Datensatzes, laden Sie sie neu und klicken Sie noch einmal auf „Import into Renku“. Wenn es jedes Mal geschieht, findet das Team des Repositoriums Hilfe in docs/DATAVERSE.md.

launch-unknown = Diese Seite gilt nicht mehr: sie wird eine Stunde aufbewahrt.
launch-unknown-remedy = Gehen Sie zurück zur Seite des Datensatzes in Ihrem Repositorium und klicken Sie noch einmal auf „Import into Renku“.

launch-used = Jemand anderes hat mit dieser Seite bereits importiert.
launch-used-remedy = Gehen Sie zurück zur Seite des Datensatzes in Ihrem Repositorium und klicken Sie noch einmal auf „Import into Renku“.

launch-busy = Dieser Datensatz wird in diesem Augenblick aus einem anderen Fenster importiert.
launch-busy-remedy = Warten Sie einen Moment und laden Sie die Seite neu: Sie führt dann zum Import.

import-unknown = Unter Ihren Importen gibt es keinen mit dieser Nummer.
import-unknown-remedy = Prüfen Sie die Nummer, und ob Sie mit dem Konto angemeldet sind, das den Import verlangt hat.

not-possible-now = In seinem jetzigen Zustand lässt der Import das nicht zu.
not-possible-now-remedy = Laden Sie die Seite neu, um zu sehen, wie es um ihn steht.

form-not-ours = Dieses Formular wurde nicht von einer Seite Ihrer jetzigen Sitzung abgeschickt.
form-not-ours-remedy = Gehen Sie zurück auf die Seite, laden Sie sie neu und schicken Sie das Formular noch einmal ab. Ihr Browser muss die Cookies dieses Dienstes annehmen.

too-many-requests = In kurzer Zeit kamen zu viele Anfragen.
too-many-requests-remedy = Nichts ist verloren. Warten Sie einen Augenblick und versuchen Sie es noch einmal.

service-busy = Gerade sind so viele auf einmal da, dass kein Platz mehr frei ist.
service-busy-remedy = Nichts ist verloren. Versuchen Sie es in einer Minute noch einmal.

## Anmelden

sign-in-needed = Sie müssen sich anmelden, damit der Import in Ihrem Namen weitergehen kann.
sign-in-needed-remedy = Melden Sie sich hier an. Der Import behält seinen Platz und geht danach von selbst weiter.

sign-in-attempt-unknown = Diese Anmeldung gilt nicht mehr: Sie dauerte zu lange, wurde schon abgeschlossen oder begann in einem anderen Browser.
sign-in-attempt-unknown-remedy = Melden Sie sich von hier aus neu an, in einem einzigen Browser und ohne zurückzugehen.

sign-in-refused = Die Anmeldung wurde abgebrochen oder abgelehnt.
sign-in-refused-remedy = Melden Sie sich noch einmal an und stimmen Sie dem zu, was gefragt wird. Wurden Sie trotz Zustimmung abgelehnt, fragen Sie das Renku-Team, ob Ihr Konto diesen Dienst benutzen darf.

renku-sign-in-needed = Sie müssen sich in Renku selbst noch einmal anmelden.
renku-sign-in-needed-remedy = Öffnen Sie Renku in Ihrem Browser, melden Sie sich ab und wieder an. Der Import bemerkt es binnen einer Viertelstunde und geht von selbst weiter.

token-missing = Die Anfrage sagt nicht, von wem sie kommt.
token-missing-remedy = Senden Sie ein Zugangstoken von Renku in der Kopfzeile Authorization: Bearer. Eine Geräte-Anmeldung mit dem Client `renku-cli` gibt eines, so wie `renku login` es tut.

token-unreadable = Dieses Token stammt nicht von der Renku-Anmeldung.
token-unreadable-remedy = Nehmen Sie ein Zugangstoken vom Keycloak des Renku, nicht von GitLab oder JupyterHub. Eine Geräte-Anmeldung mit dem Client `renku-cli` gibt eines, so wie `renku login` es tut.

token-signature-wrong = Das Token wurde nicht von der Renku-Anmeldung ausgestellt.
token-signature-wrong-remedy = Holen Sie ein neues Token bei dem Renku, um das es geht, mit einer Geräte-Anmeldung als Client `renku-cli`.

token-expired = Das Token ist abgelaufen.
token-expired-remedy = Melden Sie sich hier neu an: Ein Import, der wartet, geht von selbst weiter. Ein Programm bekommt ein neues Token mit einer Geräte-Anmeldung als Client `renku-cli`.

token-issuer-mismatch = Das Token stammt von der Anmeldung eines anderen Renku.
token-issuer-mismatch-remedy = Holen Sie ein Token bei dem Renku, um das es geht. Ist es das richtige, berichtigt die Betreuung dieses Dienstes issuer im Abschnitt [renku.NAME.oidc].

token-without-audience = Die Renku-Anmeldung gibt Token aus, die Renku selbst nicht annehmen wird.
token-without-audience-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector → Client scopes → dataverse-connector-dedicated → Add mapper → By configuration → Audience, wählt `renku` als Included Client Audience, schaltet Add to access token ein und speichert. Oder auf der Kommandozeile: kcadm.sh create clients/UUID/protocol-mappers/models -r Renku -s name=renku-audience -s protocol=openid-connect -s protocolMapper=oidc-audience-mapper -s 'config."included.client.audience"=renku' -s 'config."access.token.claim"=true'. Melden Sie sich danach neu an.

token-client-not-accepted = Das Gateway des Renku nimmt keine Anmeldungen an, die über diesen Dienst gehen.
token-client-not-accepted-remedy = Renku 1 mit dem Go-Gateway nimmt nur Token von `renku` und `renku-cli` an. Die Betreuung dieses Dienstes setzt flow = "device" und client_id = "renku-cli" im Abschnitt [renku.NAME.oidc], nach Absprache mit dem Renku-Team. Oder die Betreuung des Renku ergänzt einen Eintrag in `authorizationVerifiers` des Gateways, und nach jedem Update des Renku von neuem: `issuer: ISSUER, audience: renku, authorizedParty: dataverse-connector`.

token-without-subject = Die Renku-Anmeldung sagt nicht, wer Sie sind.
token-without-subject-remedy = Wer das Keycloak des Renku betreut (25 oder neuer), öffnet den Realm Renku: Clients → dataverse-connector → Client scopes → Add client scope → basic → Default. Auf der Befehlszeile: kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Melden Sie sich danach neu an.

token-without-email = Die Renku-Anmeldung gibt Ihre E-Mail-Adresse nicht weiter, und ohne sie kann Renku nicht arbeiten.
token-without-email-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku, prüft unter Users → die Person → Details, dass Email ausgefüllt ist, und ergänzt unter Clients → dataverse-connector → Client scopes den Scope `email` als Default. Auf der Befehlszeile: kcadm.sh update users/UUID -r Renku -s email=ADDRESS -s emailVerified=true; kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Melden Sie sich danach neu an.

token-without-name = Die Renku-Anmeldung gibt Ihren Namen nicht weiter, den Renku für alles braucht, was in Ihrem Namen gespeichert wird.
token-without-name-remedy = Tragen Sie Vor- und Nachnamen in Ihrem Keycloak-Konto ein. Oder wer das Keycloak des Renku betreut, tut es unter Users → die Person → Details und ergänzt unter Clients → dataverse-connector → Client scopes den Scope `profile` als Default. Auf der Befehlszeile: kcadm.sh update users/UUID -r Renku -s firstName=FIRST -s lastName=LAST; kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku. Melden Sie sich danach neu an.

token-refused-by-renku = Renku nimmt Ihre Anmeldung nicht an, obwohl wir nichts Falsches daran finden.
token-refused-by-renku-remedy = Melden Sie sich in Renku ab und wieder an. Bleibt es dabei, sieht die Betreuung des Renku im Protokoll des Gateways nach und prüft, dass dessen Uhr stimmt und dass es den Issuer benutzt, den `dataverse-renku config show` ausgibt.

issuer-not-found = Die Renku-Anmeldung ist unter der eingestellten Adresse nicht zu finden.
issuer-not-found-remedy = Die Betreuung dieses Dienstes berichtigt issuer im Abschnitt [renku.NAME.oidc]. Ältere Keycloaks haben /auth darin (https://HOST/auth/realms/Renku), neuere oft nicht (https://HOST/realms/Renku). Der richtige antwortet: `curl -s ISSUER/.well-known/openid-configuration`.

issuer-mismatch = Die Renku-Anmeldung nennt für sich eine andere Adresse als die eingestellte.
issuer-mismatch-remedy = Die Betreuung dieses Dienstes übernimmt den Wert „issuer“ aus ISSUER/.well-known/openid-configuration nach issuer im Abschnitt [renku.NAME.oidc].

client-refused = Die Renku-Anmeldung nimmt das Geheimnis dieses Dienstes nicht an.
client-refused-remedy = Die Betreuung dieses Dienstes vergleicht client_id und client_secret im Abschnitt [renku.NAME.oidc] mit Keycloak: Realm Renku → Clients → dataverse-connector → Credentials → Client secret. Auf der Befehlszeile: `dataverse-renku register --keycloak NAME --json --with-secret | kcadm.sh update clients/UUID -r Renku -f -`.

flow-not-allowed = Die Renku-Anmeldung erlaubt diesem Dienst nicht, jemanden auf diese Weise anzumelden.
flow-not-allowed-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector → Settings → Capability config und schaltet Standard flow (für flow = "code") oder OAuth 2.0 Device Authorization Grant (für flow = "device") ein. Direct access grants bleibt aus. Die Rücksprungadresse muss unter Valid redirect URIs stehen. Für Name und Passwort muss auch Consent required aus sein (Login settings): kcadm.sh update clients/UUID -r Renku -s consentRequired=false.

client-unknown = Die Renku-Anmeldung kennt diesen Dienst nicht oder hat ihn abgeschaltet.
client-unknown-remedy = Wer das Keycloak des Renku betreut, legt den Client an oder schaltet ihn ein: Realm Renku → Clients → Create client. Auf der Befehlszeile: `dataverse-renku register --keycloak NAME --json --with-secret | kcadm.sh create clients -r Renku -f -`. Heißt er dort anders, berichtigt die Betreuung dieses Dienstes client_id im Abschnitt [renku.NAME.oidc].

client-disabled = Die Renku-Anmeldung kennt diesen Dienst, hat ihn aber abgeschaltet.
client-disabled-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector und schaltet oben rechts Enabled ein. Oder auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s enabled=true.

redirect-address-not-registered = Die Renku-Anmeldung schickt niemanden an die Adresse dieses Dienstes zurück.
redirect-address-not-registered-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector → Settings → Valid redirect URIs und ergänzt die genannte Adresse, genau so geschrieben. Oder auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s 'redirectUris+=ADDRESS'.

code-flow-off = Die Renku-Anmeldung lässt diesen Dienst niemanden über den Browser anmelden.
code-flow-off-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector → Settings → Capability config und schaltet Standard flow ein. Oder auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s standardFlowEnabled=true.

device-flow-off = Die Renku-Anmeldung lässt diesen Dienst niemanden mit einem Code anmelden.
device-flow-off-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → der Client → Settings → Capability config und schaltet OAuth 2.0 Device Authorization Grant ein. Oder auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s 'attributes."oauth2.device.authorization.grant.enabled"=true'.

password-flow-off = Die Renku-Anmeldung gibt diesem Client kein Token für Name und Passwort, und das ist gut so.
password-flow-off-remedy = Nehmen Sie `dataverse-renku token get` ohne --password. Wer das Keycloak des Renku betreut, könnte unter Clients → der Client → Settings → Capability config Direct access grants einschalten; jedes fragende Programm sieht dann Passwörter. Auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s directAccessGrantsEnabled=true.

pkce-refused = Die Renku-Anmeldung verlangt von diesem Dienst einen anderen Nachweis (PKCE) als S256.
pkce-refused-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector → Advanced → Advanced settings und stellt Proof Key for Code Exchange Code Challenge Method auf S256. Oder auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s 'attributes."pkce.code.challenge.method"=S256'.

scope-not-granted = Die Renku-Anmeldung gibt diesem Dienst nicht alles, worum er bittet.
scope-not-granted-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Clients → dataverse-connector → Client scopes → Add client scope und ergänzt den genannten: `offline_access` als Optional, jeden anderen als Default. Oder auf der Befehlszeile: kcadm.sh update clients/UUID/default-client-scopes/SCOPE-UUID -r Renku.

offline-access-refused = Die Renku-Anmeldung lässt diese Person keine dauerhafte Erlaubnis geben.
offline-access-refused-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Users → die Person → Role mapping → Assign role und weist `offline_access` zu. Oder die Betreuung dieses Dienstes nimmt es aus scopes im Abschnitt [renku.NAME.oidc]. Auf der Befehlszeile: kcadm.sh add-roles -r Renku --uusername NAME --rolename offline_access.

consent-missing = Die Renku-Anmeldung möchte, dass Sie diesem Dienst erlauben, in Ihrem Namen zu handeln.
consent-missing-remedy = Melden Sie sich hier neu an und stimmen Sie zu. Oder wer das Keycloak des Renku betreut, schaltet im Realm Renku Consent required aus: Clients → dataverse-connector → Settings → Login settings. Auf der Befehlszeile: kcadm.sh update clients/UUID -r Renku -s consentRequired=false.

realm-disabled = Die Renku-Anmeldung ist für alle abgeschaltet.
realm-disabled-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Realm settings und schaltet oben rechts Enabled ein. Oder auf der Befehlszeile: kcadm.sh update realms/Renku -s enabled=true.

account-disabled = Das Konto der Person bei der Renku-Anmeldung ist abgeschaltet.
account-disabled-remedy = Wer das Keycloak des Renku betreut, öffnet den Realm Renku: Users → die Person und schaltet oben rechts Enabled ein. Oder auf der Befehlszeile: kcadm.sh update users/UUID -r Renku -s enabled=true.

account-not-ready = Ihr Konto bei der Renku-Anmeldung wartet auf etwas von Ihnen, etwa ein neues Passwort oder einen zweiten Faktor.
account-not-ready-remedy = Melden Sie sich im Browser in Renku an, wo Sie danach gefragt werden, und danach hier neu. Wer das Keycloak des Renku betreut, sieht es unter Users → die Person → Details → Required user actions. Auf der Befehlszeile: kcadm.sh update users/UUID -r Renku -s 'requiredActions=[]'.

keycloak-not-trusted = Dieser Dienst vertraut dem Zertifikat der Renku-Anmeldung nicht.
keycloak-not-trusted-remedy = Hat Renku eine eigene Zertifizierungsstelle, nimmt die Betreuung dieses Dienstes deren Zertifikat unter die der Maschine auf oder nennt die Datei in der Variablen SSL_CERT_FILE. Sonst prüft die Betreuung von Renku, ob das Zertifikat heute und für diesen Host gilt. Was es vorweist: `openssl s_client -showcerts -connect HOST:443`.

clock-differs = Die Uhren dieses Dienstes und der Gegenseite gehen verschieden, sodass Token abgelaufen oder noch nicht gültig scheinen.
clock-differs-remedy = Die Betreuung dieses Dienstes stellt die Uhr über das Netz, etwa mit `timedatectl set-ntp true`; geht sie richtig, tut die Gegenseite dasselbe.

keycloak-answer-not-understood = Die Renku-Anmeldung gab eine unverständliche Antwort.
keycloak-answer-not-understood-remedy = Die Betreuung des Renku prüft, dass unter der Adresse des Issuers ihr Keycloak antwortet und nicht die Fehlerseite eines Proxys.

keycloak-unreachable = Die Renku-Anmeldung ist im Augenblick nicht zu erreichen.
keycloak-unreachable-remedy = Nichts ist verloren: Es wird von selbst wieder versucht. Hält es an, sagen Sie dem Renku-Team Bescheid.

## Der Datensatz und sein Repositorium

dataset-unknown = Das Repositorium hat diesen Datensatz nicht, oder er ist nicht öffentlich.
dataset-unknown-remedy = Prüfen Sie die Kennung. Nur veröffentlichte Datensätze lassen sich importieren.

dataset-not-published = Der Datensatz ist ein Entwurf und noch nicht veröffentlicht.
dataset-not-published-remedy = Veröffentlichen Sie ihn im Repositorium, oder bitten Sie dessen Kuratoren darum, und importieren Sie ihn dann.

dataset-not-public = Dieser Datensatz ist veröffentlicht, aber nicht für alle.
dataset-not-public-remedy = Renku liest Datensätze ohne Anmeldung und kann diesen deshalb nicht sehen. Bitten Sie das Team des Repositoriums, ihn für alle zu öffnen.

dataset-deaccessioned = Der Datensatz wurde aus dem Repositorium zurückgezogen.
dataset-deaccessioned-remedy = Die Seite des Datensatzes nennt den Grund. Fragen Sie die Kuratoren des Repositoriums, ob ein anderer Datensatz an seine Stelle tritt.

version-unknown = Der Datensatz hat diese Version nicht.
version-unknown-remedy = Wählen Sie eine Version aus der Liste auf der Seite des Datensatzes, oder lassen Sie sie weg, um die neueste zu bekommen.

version-not-latest = Dieses Renku kann nur die neueste Version eines Datensatzes nehmen, und verlangt war eine ältere.
version-not-latest-remedy = Importieren Sie die neueste Version; lassen Sie die Version weg.

dataset-has-closed-files = Einige Dateien des Datensatzes sind nicht für alle offen: Renku 1 importiert dann gar keine, und in Renku 2 lassen sie sich nicht öffnen.
dataset-has-closed-files-remedy = Bitten Sie den Urheber des Datensatzes oder die Kuratoren des Repositoriums, die gesperrten Dateien zu öffnen oder die offenen als eigenen Datensatz zu veröffentlichen.

dataset-has-guestbook = Das Repositorium verlangt vor jedem Herunterladen ein ausgefülltes Formular, und das kann Renku nicht.
dataset-has-guestbook-remedy = Bitten Sie die Kuratoren des Repositoriums, das Gästebuch (Guestbook) von diesem Datensatz zu nehmen: Edit → Terms → Guestbook.

dataset-empty = Diese Version des Datensatzes hat keine Dateien.
dataset-empty-remedy = Wählen Sie eine Version mit Dateien, oder einen Datensatz, der Daten enthält.

dataset-has-too-many-files = Der Datensatz hat mehr Dateien, als Renku in der Zeit holen kann, die es sich lässt.
dataset-has-too-many-files-remedy = Bitten Sie den Urheber des Datensatzes, Dateien in Archiven zu bündeln, oder wählen Sie einen kleineren Datensatz. Die Betreuung dieses Dienstes kann most_files im Abschnitt dieses Renku erhöhen.

dataset-too-large = Der Datensatz ist größer als das, was Renku in der Zeit holen kann, die es sich lässt.
dataset-too-large-remedy = Wählen Sie einen kleineren Datensatz, oder laden Sie die nötigen Dateien herunter und fügen Sie sie Ihrem Projekt selbst hinzu. Die Betreuung dieses Dienstes kann most_bytes im Abschnitt dieses Renku erhöhen.

dataset-has-equal-names = Der Datensatz hat gleichnamige Dateien in verschiedenen Ordnern; Renku beachtet Ordner nicht und würde nur eine behalten.
dataset-has-equal-names-remedy = Bitten Sie den Urheber des Datensatzes um verschiedene Dateinamen, oder fügen Sie die Dateien Ihrem Projekt selbst hinzu.

export-behind = Das Repositorium hat diese Version noch nicht für Renku vorbereitet.
export-behind-remedy = Es ist nichts zu tun: Der Import geht weiter, sobald das Repositorium so weit ist, meist nach wenigen Minuten.

export-without-files = Das Repositorium sagt Renku nicht, wo die Dateien des Datensatzes sind.
export-without-files-remedy = Wer das Dataverse betreut, setzt dataverse.files.hide-schema-dot-org-download-urls auf false und lässt den Datensatz neu exportieren: curl http://localhost:8080/api/admin/metadata/:persistentId/reExportDataset?persistentId=DOI

file-not-downloadable = Renku konnte eine Datei nicht herunterladen, die das Repositorium aufführt.
file-not-downloadable-remedy = Versuchen Sie, die genannte Datei von der Seite des Datensatzes herunterzuladen. Misslingt es, sagen Sie den Kuratoren Bescheid; gelingt es, versuchen Sie den Import noch einmal.

doi-needed = Renku 2 nimmt nur Datensätze mit einem DOI, und dieser hat eine andere Art von Kennung.
doi-needed-remedy = Von hier aus lässt sich nichts tun: Fragen Sie die Betreuung des Repositoriums, ob der Datensatz einen DOI bekommen kann.

doi-for-tests = Der DOI des Datensatzes ist einer für Tests, und Renku kann nicht herausfinden, wohin er führt.
doi-for-tests-remedy = Die Betreuung des Dataverse gibt Datensätzen echte DOIs. Bei einem Renku für Tests kann die Betreuung dieses Dienstes doi_resolver im Abschnitt [renku.NAME] setzen.

doi-not-resolvable = Renku kann nicht herausfinden, wohin der DOI des Datensatzes führt.
doi-not-resolvable-remedy = Gleich nach einer Veröffentlichung kann das einige Minuten dauern, und der Import geht von selbst weiter. Ist der Datensatz älter, öffnen Sie https://doi.org/ mit dem DOI dahinter: Geht das nicht, sagen Sie der Betreuung des Repositoriums, dass der DOI nicht registriert ist.

dataverse-unreachable = Das Repositorium ist im Augenblick nicht zu erreichen.
dataverse-unreachable-remedy = Nichts ist verloren: Es wird von selbst wieder versucht. Hält es an, sagen Sie dem Team des Repositoriums Bescheid.

dataverse-rate-limited = Das Repositorium bittet uns, langsamer zu sein.
dataverse-rate-limited-remedy = Nichts ist verloren: Der Import geht nach der Pause, um die das Repositorium bat, von selbst weiter.

dataverse-refused = Das Repositorium weigert sich, diesem Dienst zu antworten.
dataverse-refused-remedy = Wer das Dataverse betreut, lässt die Adresse dieses Dienstes durch (Firewall, Schutz vor Bots, gesperrte API-Endpunkte) und prüft das API-Token, falls eines eingestellt ist.

tool-not-registered = Das Repositorium hat keine Schaltfläche, die zu diesem Dienst führt.
tool-not-registered-remedy = Wer das Dataverse betreut, trägt sie ein: `dataverse-renku register --installation NAME` zeigt, was fehlt; mit --apply oder den ausgegebenen Befehlen wird sie eingetragen.

tool-differs = Die Schaltfläche im Repositorium ist nicht die, die dieser Dienst braucht.
tool-differs-remedy = Wer das Dataverse betreut, ersetzt sie: `dataverse-renku register --installation NAME` zeigt den Unterschied; mit --apply oder den ausgegebenen Befehlen wird sie ersetzt.

dataverse-answer-not-understood = Das Repositorium gab eine unverständliche Antwort.
dataverse-answer-not-understood-remedy = Wer das Dataverse betreut, prüft, dass dessen API unter /api mit JSON antwortet und nicht mit der Seite eines Proxys. Den Datensatz neu zu indizieren oder zu exportieren kann helfen.

dataverse-answer-too-large = Die Antwort des Repositoriums zu diesem Datensatz ist zu groß.
dataverse-answer-too-large-remedy = Der Datensatz hat vermutlich sehr viele Dateien. Die Betreuung dieses Dienstes findet in den Protokollen, welche Antwort es war.

## Das Projekt und Renku

project-not-found = Renku findet dieses Projekt nicht, oder Sie dürfen es nicht sehen.
project-not-found-remedy = Öffnen Sie das Projekt in Renku mit dem Konto, mit dem Sie sich hier angemeldet haben, und kopieren Sie seine Adresse. Lässt es sich nicht öffnen, bitten Sie seinen Eigentümer, Sie aufzunehmen.

project-not-readable = Sie dürfen dieses Projekt sehen, aber seine Dateien nicht lesen.
project-not-readable-remedy = Bitten Sie den Eigentümer des Projekts, Sie mit der Rolle Developer oder Maintainer aufzunehmen.

project-not-writable = Sie dürfen in diesem Projekt nichts speichern.
project-not-writable-remedy = Bitten Sie den Eigentümer des Projekts, Sie als Mitglied aufzunehmen, das es ändern darf (Renku 1: Maintainer in GitLab; Renku 2: Editor), oder nehmen Sie ein eigenes Projekt. In Renku 1 kann auch ein geschützter Branch der Grund sein: GitLab → Settings → Repository → Protected branches.

project-not-renku = Dieses Git-Repository ist kein Renku-Projekt.
project-not-renku-remedy = Wählen Sie ein Projekt, das in Renku angelegt wurde, oder legen Sie dort ein neues an.

project-name-taken = Ein Projekt dieses Namens gibt es schon.
project-name-taken-remedy = Wählen Sie es aus der Liste der Projekte, oder geben Sie dem neuen einen anderen Namen.

project-name-invalid = Renku kann kein Projekt dieses Namens anlegen.
project-name-invalid-remedy = Nehmen Sie 1 bis 99 Zeichen, darunter mindestens einen Buchstaben von a bis z oder eine Ziffer.

project-creation-refused = Sie dürfen an diesem Ort keine Projekte anlegen.
project-creation-refused-remedy = Wählen Sie Ihren eigenen Ort oder eine andere Gruppe. Hilft das nicht, fragen Sie die Betreuung des Renku, ob alle Projekte anlegen dürfen.

connector-of-another-doi = Renku verwendet den Kurznamen dieses Datensatzes schon für einen mit einem anderen DOI.
connector-of-another-doi-remedy = Die Betreuung des Renku vergleicht beide Daten-Konnektoren: Zwei DOIs, die sich nur in Zeichen wie / - oder . unterscheiden, haben dort einen Kurznamen. Es wurde nichts verknüpft.

project-needs-migration = Das Projekt wurde mit einem älteren Renku angelegt und muss zuerst aktualisiert werden.
project-needs-migration-remedy = Öffnen Sie das Projekt in Renku und aktualisieren Sie es in seinen Einstellungen, oder starten Sie den Import neu und stimmen Sie der Aktualisierung zu.

project-migration-failed = Die Aktualisierung des Projekts, der Sie zugestimmt hatten, ist misslungen.
project-migration-failed-remedy = Öffnen Sie das Projekt in Renku und aktualisieren Sie es dort, wo Einzelheiten gezeigt werden; oder rufen Sie `renku migrate` in einer Sitzung auf. Starten Sie danach den Import neu.

project-too-new = Das Projekt braucht ein neueres Renku als dieses.
project-too-new-remedy = Die Betreuung des Renku muss es aktualisieren. Nehmen Sie bis dahin ein Projekt, das in diesem Renku angelegt wurde.

project-damaged = Die Renku-Daten des Projekts sind beschädigt.
project-damaged-remedy = Öffnen Sie das Projekt in einer Renku-Sitzung, rufen Sie `renku doctor` auf und folgen Sie seinen Hinweisen; oder nehmen Sie ein anderes Projekt.

project-busy = Im Projekt wird gerade etwas anderes gespeichert.
project-busy-remedy = Es ist nichts zu tun: Der Import geht weiter, wenn das Projekt wieder frei ist.

project-clone-dirty = Renku hat in diesem Projekt noch Reste eines früheren Versuchs.
project-clone-dirty-remedy = Es ist nichts zu tun: Renku räumt sie nach etwa einer halben Stunde weg, und der Import wird dann noch einmal versucht.

dataset-name-taken = Das Projekt hat schon einen anderen Datensatz dieses Namens.
dataset-name-taken-remedy = Starten Sie den Import mit einem anderen Namen neu, oder löschen Sie den alten Datensatz in Renku, wenn Sie ihn nicht mehr brauchen.

dataset-not-recognised-by-renku = Renku erkennt diese Adresse nicht als Datensatz eines Dataverse.
dataset-not-recognised-by-renku-remedy = Die Betreuung des Renku prüft, dass es von seinem Ort aus die Seite, zu der die DOI führt, und /api/info/version des Repositoriums öffnen kann. Renku 1: Der Core-Dienst muss aktuell sein. Renku 2: Die Adresse dieser Seite muss persistentId enthalten, und das Repositorium muss an der Wurzel seines Hosts liegen.

renku-cannot-reach-dataverse = Renku kann das Repositorium nicht erreichen.
renku-cannot-reach-dataverse-remedy = Die Betreuung des Renku lässt es Verbindungen zum Repositorium aufbauen (Proxy, Firewall, Zertifikate): in Renku 1 den Core-Dienst, in Renku 2 den Datendienst und die Sitzungen. Versuchen Sie danach den Import noch einmal.

push-failed = Renku hat die Dateien geholt, konnte sie aber nicht in Ihrem Projekt speichern.
push-failed-remedy = Prüfen Sie in GitLab, dass Sie in den Standard-Branch des Projekts schreiben dürfen (Settings → Repository → Protected branches) und dass dessen Speicher nicht voll ist. Versuchen Sie es dann noch einmal.

renku-out-of-space = In Renku oder in Ihrem Projekt ist kein Platz mehr.
renku-out-of-space-remedy = Löschen Sie aus dem Projekt, was Sie nicht brauchen. Ist das Projekt klein, schafft die Betreuung des Renku Platz auf der Festplatte des Core-Dienstes oder erhöht das Kontingent des Projekts in GitLab.

renku-import-failed = Renku konnte den Datensatz nicht importieren, aus einem Grund, den wir nicht kennen.
renku-import-failed-remedy = Lesen Sie die Worte von Renku neben dieser Meldung. Helfen sie nicht, geben Sie sie mit der Nummer des Imports dem Renku-Team.

renku-job-lost = Renku kam nicht dazu, den Import auszuführen, und hat ihn verworfen.
renku-job-lost-remedy = Es ist nichts zu tun: Er wird noch einmal übergeben. Geschieht es oft, sollte die Betreuung des Renku dem Core-Dienst mehr Worker geben.

renku-job-stuck = Renku wurde mit dem Import in der Zeit, die es sich lässt, nicht fertig.
renku-job-stuck-remedy = Versuchen Sie es, wenn Renku weniger zu tun hat, oder mit einem kleineren Datensatz. Bleibt es dabei, sieht die Betreuung des Renku im Protokoll der Worker des Core-Dienstes nach; vielleicht fehlte ihnen Arbeitsspeicher.

dataset-not-in-project = Renku meldet Erfolg, aber der Datensatz ist nicht im Projekt.
dataset-not-in-project-remedy = Sehen Sie im Projekt nach, auch in seinen anderen Branches. Ist der Datensatz nirgends, geben Sie die Nummer des Imports dem Renku-Team.

renku-unreachable = Renku ist im Augenblick nicht zu erreichen.
renku-unreachable-remedy = Nichts ist verloren: Es wird von selbst wieder versucht. Hält es an, sagen Sie dem Renku-Team Bescheid.

renku-rate-limited = Renku bittet uns, langsamer zu sein.
renku-rate-limited-remedy = Nichts ist verloren: Der Import geht nach der Pause, um die Renku bat, von selbst weiter.

renku-internal-error = In Renku selbst ist etwas schiefgegangen.
renku-internal-error-remedy = Nichts ist verloren: Es wird von selbst wieder versucht. Hält es an, sagen Sie dem Renku-Team Bescheid.

renku-origin-refused = Das Gateway von Renku lehnt Anfragen ab, die von einer anderen Webseite zu kommen scheinen.
renku-origin-refused-remedy = Dieser Dienst sendet keinen Referer; ein Proxy zwischen ihm und Renku fügt einen hinzu. Die Betreuung dieses Dienstes nimmt ihn dort heraus oder verbindet sich ohne diesen Proxy mit Renku.

renku-answer-not-understood = Renku gab eine unverständliche Antwort.
renku-answer-not-understood-remedy = Die Betreuung des Renku prüft, dass dessen API unter /api mit JSON antwortet und nicht mit der Seite eines Proxys.

renku-api-not-offered = Dieses Renku bietet den Dienst nicht an, den der Import braucht.
renku-api-not-offered-remedy = Die Betreuung dieses Dienstes prüft url und api im Abschnitt [renku.NAME]: „core“ ist für Renku 1, „data“ für Renku 2, „auto“ findet es heraus.

## Dieser Dienst

configuration-invalid = Eine Einstellung dieses Dienstes ist unbekannt oder unbrauchbar.
configuration-invalid-remedy = Die Betreuung dieses Dienstes ruft `dataverse-renku config check` auf; das nennt jeden falschen Schlüssel und was stattdessen zu schreiben ist.

vault-key-wrong = Der Schlüssel zu den gespeicherten Anmeldungen fehlt oder ist ein anderer.
vault-key-wrong-remedy = Die Betreuung dieses Dienstes setzt den bisherigen Schlüssel wieder ein (key_file im Abschnitt [vault]). Ist er verloren, müssen sich alle neu anmelden; sonst geht nichts verloren.

store-unavailable = Dieser Dienst erreicht seine Datenbank nicht.
store-unavailable-remedy = Die Betreuung dieses Dienstes prüft, dass die Datenbank läuft, dass url im Abschnitt [store] stimmt und dass die Festplatte nicht voll ist. Die Importe gehen danach von selbst weiter.

schema-not-current = Die Datenbank hat die Form einer anderen Version dieses Dienstes.
schema-not-current-remedy = Die Betreuung dieses Dienstes bringt sie mit `dataverse-renku migrate` auf den Stand oder startet die Version, die zuletzt damit gearbeitet hat.

queue-unavailable = Dieser Dienst erreicht seinen Nachrichtenvermittler nicht.
queue-unavailable-remedy = Die Betreuung dieses Dienstes prüft, dass RabbitMQ läuft und dass url im Abschnitt [queue] stimmt. Nichts ist verloren; die Importe gehen danach von selbst weiter.

given-up = Der Import wurde lange versucht und ist nicht gelungen.
given-up-remedy = Sein Verlauf zeigt, was im Weg stand. Ist das behoben, schickt sein Eigentümer oder die Betreuung dieses Dienstes ihn mit „Noch einmal versuchen“ weiter, oder mit `dataverse-renku imports retry NUMBER`.

message-unreadable = In der Warteschlange ist eine Nachricht, die sich nicht lesen lässt.
message-unreadable-remedy = Die Betreuung dieses Dienstes sieht sie sich in der Oberfläche von RabbitMQ in der Warteschlange der unlesbaren Nachrichten an und löscht sie, wenn sie nicht von uns ist. Kein Import hängt davon ab.

internal-error = In diesem Dienst ist etwas schiefgegangen.
internal-error-remedy = Versuchen Sie es noch einmal. Bleibt es dabei, geben Sie die Uhrzeit und die Nummer, die hier stehen, der Betreuung dieses Dienstes; das Protokoll sagt mehr.

## Veröffentlichungen und Abonnements

subscription-unknown = Dieses Abonnement gibt es nicht, oder es gehört jemand anderem.
subscription-unknown-remedy = Sehen Sie unter /subscriptions Ihre Abonnements durch. Vielleicht müssen Sie sich mit dem Konto anmelden, das es angelegt hat.

operators-only = Das darf nur sehen oder tun, wer diesen Dienst betreibt.
operators-only-remedy = Wer diesen Dienst betreibt, trägt Ihr Subject (sub) bei Keycloak unter people im Abschnitt [admin] ein oder tut es für Sie.

service-sign-in-needed = Das Dienstkonto, das hier für Administratorinnen und Administratoren importiert, ist nicht angemeldet.
service-sign-in-needed-remedy = Melden Sie auf der Maschine dieses Dienstes das Dienstkonto an: dataverse-renku token get --store --service, bei mehreren Renkus auch --renku NAME. Was wartet, geht danach von selbst weiter.

service-renku-sign-in-needed = Das Dienstkonto, das dies importiert, muss sich in Renku selbst noch einmal anmelden.
service-renku-sign-in-needed-remedy = Öffnen Sie Renku im Browser mit dem Dienstkonto, melden Sie sich ab und wieder an. Was wartet, geht binnen einer Viertelstunde von selbst weiter.

service-project-not-writable = Das Dienstkonto darf in diesem Projekt nichts speichern.
service-project-not-writable-remedy = Bitten Sie die Person, der das Projekt gehört, das Dienstkonto als Mitglied aufzunehmen: in Renku 2 als Editor, in Renku 1 als Maintainer. Lassen Sie danach das Abonnement weitergehen.

subscribed-otherwise = Sie halten dieses Projekt schon mit diesem Datensatz aktuell, mit Ihrer eigenen Anmeldung.
subscribed-otherwise-remedy = Beenden Sie zuerst jenes Abonnement und wünschen Sie dann dieses.

publication-not-confirmed = Das Repositorium hat eine Veröffentlichung gemeldet, die es selbst nicht zeigt.
publication-not-confirmed-remedy = Deswegen wurde nichts importiert. Wer das Repositorium betreibt, prüft, ob sein Workflow dataset.id und dataset.globalId desselben Datensatzes schickt, wie in der Definition dieses Dienstes.

callback-address-refused = Eine Veröffentlichung wurde von einer Adresse gemeldet, die das nicht darf.
callback-address-refused-remedy = Wenn es das Repositorium war, trägt wer diesen Dienst betreibt dessen Adresse unter allowed_addresses im Abschnitt dieses Repositoriums ein, und den Reverse-Proxy unter trusted_proxies in [http]. Die Version wird beim nächsten Nachholen importiert.

workflow-secret-missing = Für die Meldungen dieses Repositoriums ist kein Geheimnis eingestellt.
workflow-secret-missing-remedy = Wer diesen Dienst betreibt, macht eines mit `openssl rand -hex 24`, trägt es unter workflow_secrets im Abschnitt dieses Repositoriums ein und startet neu.

resume-address-refused = Das Repositorium lässt diesen Dienst seinen Workflow nicht beenden; der Datensatz bleibt gesperrt.
resume-address-refused-remedy = Wer das Repositorium betreibt, nimmt die Adresse dieses Dienstes, wie Dataverse sie sieht, unter die erlaubten auf, auf der Maschine von Dataverse: curl -X PUT -d '127.0.0.1;::1;ADRESSE' http://localhost:8080/api/admin/workflows/ip-whitelist . Hinter einem Proxy ist es dessen Adresse. Es wird von selbst wieder versucht.

resume-blocked = Das Repositorium sperrt den Endpunkt, der seinen Workflow beendet; der Datensatz bleibt gesperrt.
resume-blocked-remedy = Wer das Repositorium betreibt, nimmt `workflows` aus den gesperrten Endpunkten: curl -X PUT -d 'admin,builtin-users' http://localhost:8080/api/admin/settings/:BlockedApiEndpoints (seit Dataverse 6.7 auch die Option dataverse.api.blocked.endpoints). Es wird von selbst wieder versucht.

resume-refused = Das Repositorium antwortet unerwartet, wenn sein Workflow beendet werden soll; der Datensatz bleibt gesperrt.
resume-refused-remedy = Wer das Repositorium betreibt, prüft, ob POST /api/workflows/… von hier aus Dataverse erreicht, ohne Anmeldeseite oder Umleitung dazwischen. Es wird von selbst wieder versucht.

resume-given-up = Der Workflow des Repositoriums ließ sich einen ganzen Tag lang nicht beenden; der Datensatz ist vielleicht noch gesperrt.
resume-given-up-remedy = Wer das Repositorium betreibt, beendet ihn auf der Maschine von Dataverse, mit dem Namen des Aufrufs aus dem Protokoll: curl -X POST -H 'Content-Type: text/plain' -d OK http://localhost:8080/api/workflows/AUFRUF . Ist die Sperre danach noch da: curl -X DELETE -H 'X-Dataverse-key: SUPERUSER-TOKEN' 'http://localhost:8080/api/datasets/NUMMER/locks?type=Workflow' .

mail-not-sent = Der Mailserver hat eine Nachricht nicht angenommen.
mail-not-sent-remedy = Wer diesen Dienst betreibt, prüft den Abschnitt [mail]; die Worte des Mailservers stehen im Protokoll. Importe hängen nicht davon ab.
