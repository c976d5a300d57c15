# What the doctor says: the names of its checks, and what it says beside them. Problems are in problems.ftl.

## Checks

doctor-check-configuration = Configuration
doctor-check-key = Key to stored sign-ins
doctor-check-store = Database
doctor-check-broker = Queue
doctor-check-management = RabbitMQ's management interface
doctor-check-renku = Renku answers
doctor-check-discovery = Renku's sign-in
doctor-check-clock = Clock
doctor-check-client = This service at Renku's sign-in
doctor-check-code-flow = Signing in through the browser
doctor-check-device-flow = Signing in with a code
doctor-check-gateway = Renku's gateway accepts this service
doctor-check-sign-in = Stored sign-in
doctor-check-person = Renku knows the person
doctor-check-project = The person's project
doctor-check-service-person = The service person
doctor-check-dataverse = Dataverse answers
doctor-check-tool = Button in Dataverse
doctor-check-signed-addresses = Signed addresses
doctor-check-workflow = Workflow after publication
doctor-check-resume-addresses = Addresses that may resume the workflow

## Beside a mark

doctor-note-risky = This is allowed, and should be known.
doctor-note-nothing-to-import = Until one is configured, nothing can be imported.
doctor-note-not-yet = Not there yet: it is made at the first start.
doctor-note-queues-missing = These queues are not there yet. A worker makes them when it starts.
doctor-note-broker-old = This RabbitMQ is too old; this service needs 3.10 or later.
doctor-note-management-unseen = Where it is, is not configured (management_url in the section [queue]), so it was not asked. Whether it is switched on is seen on the broker's own machine:
doctor-note-management-refused = It answers, and does not let this service's user look. Nothing depends on it. What lets the user look:
doctor-note-management-silent = It does not answer there. Nothing depends on it; operators look into the queues with it. On the broker's own machine it is switched on by:
doctor-note-pkce-not-enforced = Signing in works. Keycloak would also let this service in without PKCE, which is less safe.
doctor-note-nobody-signed-in = Nobody has signed in yet. Whether Renku accepts the tokens shows only then: sign in once, and run this again.
doctor-note-not-seen = Keycloak tells nothing about it without using it up. It shows at the next import.
doctor-note-not-fresh = The stored token is over, or older than what was mended at Keycloak. It is renewed at its next use, and then Renku can be asked.
doctor-note-project-unasked = Nobody's sign-in is there to ask with. Sign in once, or use --sign-in.
doctor-note-project-at-work = An import is at work in this project, and any other call could disturb it. It was not looked at; run this again afterwards.
doctor-note-announces-early = Before version 6.10 Dataverse may tell of a version before it shows it. This service waits for it.
doctor-note-signs-wrongly = Versions 6.10 and 6.11 sign addresses with special characters wrongly. This service asks for none; other tools may.
doctor-note-tools-too-old = This Dataverse has no usable buttons for datasets. They need version 5.14 or later.
doctor-note-tools-hidden = Before version 6.6 the button is seen on the Dataverse's own machine only. Its administrator looks there:
doctor-note-proxy-before = Before version 6.10 signed addresses fail with 401 behind a proxy that ends TLS, unless it passes https on (AJP). If launches fail, this is why. On the proxy's machine its settings are found by:
doctor-note-proxy-header = Whether the proxy before Dataverse sends X-Forwarded-Proto cannot be seen from here. If launches fail with 401, it does not. On the proxy's machine its settings are found by:
doctor-note-workflows-too-old = This Dataverse cannot tell of publications in a usable way. That needs version 5.4 or later.
doctor-note-no-workflow-secret = Publications are not announced to this service: no workflow_secrets are configured. Imports work all the same.
doctor-note-workflow-unseen = The workflow is seen on the Dataverse's own machine only. Its administrator looks there:
doctor-note-resume-unseen = The address of this service, as Dataverse sees it, must be in this list. Its administrator looks there:
doctor-note-after-the-above = Not looked at, since something before it is wrong.

## Around them

doctor-mend-with = What mends it:
doctor-sign-in-kcadm = Before kcadm.sh commands an administrator of Keycloak signs in once:
doctor-all-well = Nothing is wrong.
doctor-nothing-yet = Nothing is wrong, but nothing can be imported yet: a Dataverse or a Renku is not configured.
doctor-some-wrong = Something is wrong.

## Registering

register-tool-missing = The button is not registered yet.
register-tool-there = The button is registered as it should be. Nothing was changed.
register-tool-differs = The registered button differs from the one that this service needs:
register-tool-applied = The button was registered.
register-tool-removed = The button was taken away.
register-tool-would-go = With --apply the button would be taken away:
register-tool-none = There is no button that leads here. Nothing was changed.
register-by-hand = Nothing was changed. With --apply, and an api_token of a superuser in the configuration, it is done from here; or by a superuser:
register-on-the-host = Or on the Dataverse's own machine, without a token:
register-old-dataverse = Before version 6.6 a button is registered on the Dataverse's own machine only:
register-old-dataverse-remove = Before version 6.6 a button is taken away on the Dataverse's own machine only. Look for its id first:
register-undo = To undo all of it:
register-workflow-without-secret = The workflow that tells of publications is left aside: no workflow_secrets are configured for this Dataverse.
register-workflow-by-hand = The workflow that tells of publications is registered on Dataverse's own machine only. With this program there (first line), or by hand. Look whether there is a default workflow already before you set one, and put this service's address into the list without taking others out:
register-workflow-remove-by-hand = The workflow is taken away on Dataverse's own machine only. With this program there (first line), or by hand, if the default workflow is ours:
register-workflow-there = The workflow is registered as it should be. Nothing was changed.
register-workflow-differs = The registered workflow differs from the one that this service needs:
register-workflow-would = With --apply this would be done:
register-workflow-applied = The workflow was registered:
register-workflow-foreign = Another workflow is the default after publications. It was left as it is, so this service is not told of publications. Dataverse runs one alone: put our step into it, or use --replace.
register-workflow-replaced = The default workflow is ours now. To give the earlier one its place back:
register-workflow-removed = What is ours of the workflow is taken away:
register-workflow-none = There is no workflow of ours. Nothing was changed.
register-resume-addresses = The address of this service, as Dataverse sees it, must be among those that may resume the workflow. Name it with --resume-address, if it is not among these:
register-device-client = This service uses a client that Renku's chart has made. Nothing has to be registered.
register-client-json = The client, as Keycloak imports it (realm Renku → Clients → Import client):
register-client-kcadm = Or on the command line:
register-client-console = Or by hand: Clients → Create client → OpenID Connect, the Client ID → Next → Client authentication on, only Standard flow → Next → Valid redirect URIs → Save. Then Client scopes → the one that ends in -dedicated → Add mapper → By configuration → Audience, Included Client Audience renku, Add to access token on → Save. Then Advanced → Proof Key for Code Exchange Code Challenge Method S256 → Save. The secret is under Credentials.
register-client-service = For a service person who signs in on this machine (token get --store --service --port 8474), also:

## Tokens

at-token-browser = Open this address in a browser on this machine:
at-token-device = Open this address in any browser and enter the code:
at-token-close-window = Done. You may close this window.
at-token-refused = Signing in was refused. You may close this window; what happened is told where the command runs.
at-token-password = Password:
at-token-password-warning = A password belongs on Keycloak's own page. A program that takes it could keep it, and a second factor is left out. Use this for tests alone.
at-token-got = A token for
at-token-stored = { $person }'s sign-in is kept; { $imports ->
    [0] no import had waited for it.
    [one] { $imports } import had waited for it.
   *[other] { $imports } imports had waited for it.
}
at-token-service = What administrators keep up to date is imported from now on by
at-token-service-before = and no longer by
at-token-client-id = Is the name after --client-id mistyped? It is:
at-token-signature-fine = The signature is the realm's.
at-token-signature-wrong = The signature is not the realm's.
at-token-signature-unseen = The signature could not be checked: the realm's keys cannot be read.
at-token-door-python = Renku 1 behind the Python gateway (charts up to 0.56)
at-token-door-go = Renku 1 behind the Go gateway (charts from 0.57)
at-token-door-data = Renku 2 (data services)
