//! What an administrator breaks at the real Keycloak, one case after the other, and what each is called.
//!
//! How a case is gone through is in `doctor_keycloak`.

use crate::doctor_world::{World, from_environment};

/// What goes wrong.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    /// An administrator types this.
    Typed(&'static str),
    /// Our configuration has another `[renku.main.oidc]`.
    Oidc(&'static str),
    /// Our configuration has the issuer that this makes of the right one.
    Issuer(fn(&World) -> String),
    /// Somebody used our refresh token, twice.
    TokenReused,
}

/// Who meets it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// The doctor alone: it stands in the way of signing in, and imports go on.
    AtSignIn,
    /// The doctor and imports.
    Everywhere,
    /// Imports; and after one of them the doctor, since Keycloak tells it to nobody who does not renew.
    ByImportsFirst,
}

pub(crate) struct Case {
    /// Its name in the catalogue of failures (`doctor_catalogue`).
    pub(crate) what: &'static str,
    pub(crate) trouble: Trouble,
    pub(crate) code: &'static str,
    pub(crate) met: Met,
    /// What an import is told, where that is another word for it.
    pub(crate) import: Option<&'static str>,
    /// What undoes it, where no command is printed.
    pub(crate) undo: &'static str,
    /// What is put back beside that, so that the next case starts as this one did.
    pub(crate) tidy: &'static str,
    /// `[renku.main.oidc]` before.
    pub(crate) oidc: &'static str,
}

const fn case(what: &'static str, trouble: Trouble, code: &'static str) -> Case {
    Case { what, trouble, code, met: Met::Everywhere, import: None, undo: "", tidy: "", oidc: "" }
}

const fn typed(what: &'static str, line: &'static str, code: &'static str) -> Case {
    case(what, Trouble::Typed(line), code)
}

impl Case {
    const fn at_sign_in(self) -> Self {
        Self { met: Met::AtSignIn, ..self }
    }

    const fn by_imports_first(self) -> Self {
        Self { met: Met::ByImportsFirst, ..self }
    }

    const fn import(self, code: &'static str) -> Self {
        Self { import: Some(code), ..self }
    }

    const fn undo(self, line: &'static str) -> Self {
        Self { undo: line, ..self }
    }

    const fn tidy(self, line: &'static str) -> Self {
        Self { tidy: line, ..self }
    }

    const fn oidc(self, oidc: &'static str) -> Self {
        Self { oidc, ..self }
    }

    pub(crate) fn told(&self) -> String {
        match self.trouble {
            Trouble::Typed(line) => line.to_owned(),
            Trouble::Oidc(oidc) => format!("configured: {}", oidc.replace('\n', ", ")),
            Trouble::Issuer(_) => "configured: another issuer".to_owned(),
            Trouble::TokenReused => "the refresh token was used twice elsewhere".to_owned(),
        }
    }
}

pub(crate) const OFFLINE: &str = "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n\
                       scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]";
pub(crate) const DEVICE: &str = "flow = \"device\"\nclient_id = \"renku-cli\"";
/// Over before the command ends.
const SESSION_OVER: &str = "kcadm.sh update realms/Renku -s ssoSessionMaxLifespan=1; sleep 2";
const SESSION_IDLE: &str = "kcadm.sh update realms/Renku -s ssoSessionIdleTimeout=1; sleep 2";
/// The process is stopped: it takes connections and says nothing. It is set going again in any case.
const FROZEN: &str = "P=$(cut -d' ' -f1 \"$(dirname \"$(command -v kcadm.sh)\")/../pid\"); kill -STOP -- \"-$P\"; \
                      (sleep 90; kill -CONT -- \"-$P\") </dev/null >/dev/null 2>&1 &";
const THAWED: &str = "kill -CONT -- \"-$(cut -d' ' -f1 \"$(dirname \"$(command -v kcadm.sh)\")/../pid\")\"";
const LIFETIMES: &str =
    "kcadm.sh update realms/Renku -s ssoSessionMaxLifespan=604800 -s ssoSessionIdleTimeout=86400";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        typed(
            "the client is switched off",
            "kcadm.sh update clients/$C -r Renku -s enabled=false",
            "client-disabled",
        )
        .import("client-unknown"),
        typed(
            "the secret is wrong at Keycloak",
            "kcadm.sh update clients/$C -r Renku -s secret=another",
            "client-refused",
        ),
        typed(
            "the client shows in another way who it is",
            "kcadm.sh update clients/$C -r Renku -s clientAuthenticatorType=client-jwt",
            "client-refused",
        ),
        typed(
            "the redirect address is not registered",
            "kcadm.sh update clients/$C -r Renku -s 'redirectUris=[\"https://elsewhere.example/x\"]'",
            "redirect-address-not-registered",
        )
        .at_sign_in(),
        typed(
            "the standard flow is off",
            "kcadm.sh update clients/$C -r Renku -s standardFlowEnabled=false",
            "code-flow-off",
        )
        .at_sign_in(),
        typed(
            "another kind of PKCE is wanted",
            "kcadm.sh update clients/$C -r Renku -s 'attributes.\"pkce.code.challenge.method\"=plain'",
            "pkce-refused",
        )
        .at_sign_in(),
        typed(
            "the scope email is not on the client",
            "kcadm.sh delete clients/$C/default-client-scopes/$(scope email) -r Renku",
            "scope-not-granted",
        )
        .import("token-without-email"),
        typed(
            "the scope profile is not on the client",
            "kcadm.sh delete clients/$C/default-client-scopes/$(scope profile) -r Renku",
            "scope-not-granted",
        )
        .import("token-without-name"),
        typed(
            "the scope basic is not on the client",
            "kcadm.sh delete clients/$C/default-client-scopes/$(scope basic) -r Renku",
            "token-without-subject",
        ),
        typed(
            "offline_access is not on the client",
            "kcadm.sh delete clients/$C/optional-client-scopes/$(scope offline_access) -r Renku",
            "scope-not-granted",
        )
        .oidc(OFFLINE)
        .import("sign-in-needed"),
        typed(
            "the device flow is off",
            "kcadm.sh update clients/$(kcadm.sh get clients -r Renku -q clientId=renku-cli --fields id --format csv --noquotes) \
             -r Renku -s 'attributes.\"oauth2.device.authorization.grant.enabled\"=false'",
            "device-flow-off",
        )
        .oidc(DEVICE)
        .at_sign_in(),
        typed(
            "the realm is switched off",
            "kcadm.sh update realms/Renku -s enabled=false",
            "realm-disabled",
        ),
        typed(
            "the realm calls itself otherwise",
            "kcadm.sh update realms/Renku -s attributes.frontendUrl=https://renku.example.org/auth",
            "issuer-mismatch",
        )
        .undo("kcadm.sh update realms/Renku -s attributes.frontendUrl="),
        typed(
            "no audience mapper",
            "kcadm.sh delete clients/$C/protocol-mappers/models/$(kcadm.sh get clients/$C/protocol-mappers/models -r Renku \
             --fields id --format csv --noquotes) -r Renku",
            "token-without-audience",
        ),
        typed(
            "the person has no name",
            "kcadm.sh update users/$U -r Renku -s 'firstName=\"\"' -s 'lastName=\"\"'",
            "token-without-name",
        ),
        typed(
            "the person has no e-mail address",
            "kcadm.sh update users/$U -r Renku -s 'email=\"\"'",
            "token-without-email",
        ),
        typed(
            "the person is switched off",
            "kcadm.sh update users/$U -r Renku -s enabled=false",
            "account-disabled",
        ),
        typed(
            "the person was signed out",
            "kcadm.sh create users/$U/logout -r Renku -b '{}'",
            "sign-in-needed",
        ),
        typed(
            "everybody was signed out",
            "kcadm.sh create logout-all -r Renku -b '{}'",
            "sign-in-needed",
        ),
        typed(
            "the session is over",
            SESSION_OVER,
            "sign-in-needed",
        )
        .undo(LIFETIMES),
        typed(
            "the sign-in was idle too long",
            SESSION_IDLE,
            "sign-in-needed",
        )
        .undo(LIFETIMES),
        typed(
            "all tokens before now are void",
            "kcadm.sh update realms/Renku -s notBefore=$(($(date +%s) + 1))",
            "sign-in-needed",
        )
        .undo("kcadm.sh update realms/Renku -s notBefore=0"),
        case(
            "the refresh token was used twice",
            Trouble::TokenReused,
            "sign-in-needed",
        ),
        typed(
            "the realm's key for refresh tokens is gone",
            "kcadm.sh delete components/$(kcadm.sh get components -r Renku -q type=org.keycloak.keys.KeyProvider \
             --fields id,providerId --format csv --noquotes | sed -n 's/,hmac-generated$//p' | head -1) -r Renku",
            "sign-in-needed",
        ),
        typed(
            "consent is needed",
            "kcadm.sh update clients/$C -r Renku -s consentRequired=true",
            "consent-missing",
        )
        .by_imports_first(),
        case(
            "the realm has another name",
            Trouble::Issuer(|world| format!("{}x", world.issuer)),
            "issuer-not-found",
        ),
        case(
            "/auth is missing",
            Trouble::Issuer(|world| world.issuer.replace("/auth/", "/")),
            "issuer-not-found",
        ),
        case(
            "/auth is superfluous",
            Trouble::Issuer(|world| world.issuer.replace("/auth/", "/auth/auth/")),
            "issuer-not-found",
        ),
        typed(
            "Keycloak is slow",
            FROZEN,
            "keycloak-unreachable",
        )
        .undo(THAWED),
        case(
            "Keycloak is down",
            Trouble::Issuer(|_| "http://127.0.0.1:1/auth/realms/Renku".to_owned()),
            "keycloak-unreachable",
        ),
        case(
            "the certificate is not trusted",
            Trouble::Issuer(|_| from_environment("TEST_KEYCLOAK_TLS_ISSUER").unwrap()),
            "keycloak-not-trusted",
        ),
        case(
            "the secret is wrong here",
            Trouble::Oidc("client_id = \"dataverse-connector\"\nclient_secret = \"not-the-secret\""),
            "client-refused",
        )
        .tidy("kcadm.sh update clients/$C -r Renku -s secret=sandbox-secret"),
        case(
            "the client is unknown",
            Trouble::Oidc("client_id = \"nobody\"\nclient_secret = \"sandbox-secret\""),
            "client-unknown",
        )
        .tidy(
            "kcadm.sh delete clients/$(kcadm.sh get clients -r Renku -q clientId=nobody --fields id --format csv --noquotes) -r Renku",
        ),
        typed(
            "the client was deleted",
            "kcadm.sh delete clients/$C -r Renku",
            "client-unknown",
        ),
    ]
}
