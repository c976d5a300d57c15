//! The commands that mend a problem at Keycloak, with everything filled in that we know: an administrator pastes them as they are.
//! What only the administrator knows stands in capitals (`ADDRESS`, `FIRST`, `LAST`; `NAME` where nobody has signed in).
//!
//! The way through Keycloak's console is in the remedy of each problem (`locales/*/problems.ftl`).

use std::fmt;
use std::path::Path;

use crate::domain::ids::RenkuName;
use crate::domain::problem::{Problem, ProblemCode};

/// How this program is called in a command that is printed to be pasted; with `--config` where it was itself called so.
#[derive(Clone, Debug, Default)]
pub struct Program(Option<String>);

impl Program {
    /// Called with this configuration file; the command works in any folder, so the path is made absolute.
    pub fn with_config(file: &Path) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_no_folder| file.to_owned());
        Self(Some(file.to_string_lossy().into_owned()))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dataverse-renku")?;
        self.0.as_ref().map_or(Ok(()), |file| write!(f, " --config {}", quoted(file)))
    }
}

/// What the commands are about.
#[derive(Clone, Debug)]
pub struct Place {
    /// How this program is called.
    pub program: Program,
    /// The Renku's name in our configuration.
    pub renku: RenkuName,
    /// The realm's issuer.
    pub issuer: String,
    /// The realm.
    pub realm: String,
    /// Our client.
    pub client_id: String,
    /// Our address for the way back.
    pub redirect_uri: String,
    /// The audience that Renku wants.
    pub audience: String,
    /// The person that it is about.
    pub username: Option<String>,
}

impl Place {
    fn realm(&self) -> String {
        format!("-r {}", quoted(&self.realm))
    }

    /// The client's number, looked up where the command runs.
    fn client(&self) -> String {
        let id = quoted(&format!("clientId={}", self.client_id));
        format!("$(kcadm.sh get clients {} -q {id} --fields id --format csv --noquotes)", self.realm())
    }

    fn client_set(&self, setting: &str) -> Vec<String> {
        vec![format!("kcadm.sh update clients/{} {} -s {}", self.client(), self.realm(), quoted(setting))]
    }

    fn user_set(&self, settings: &[&str]) -> String {
        let name = self.username.as_deref().unwrap_or("NAME");
        let query = format!("-q {} -q exact=true", quoted(&format!("username={name}")));
        let user =
            format!("$(kcadm.sh get users {} {query} --fields id --format csv --noquotes)", self.realm());
        let settings: Vec<_> = settings.iter().map(|setting| format!("-s {}", quoted(setting))).collect();
        format!("kcadm.sh update users/{user} {} {}", self.realm(), settings.join(" "))
    }

    fn scope_added(&self, scope: &str) -> Vec<String> {
        let kind = if scope == "offline_access" { "optional" } else { "default" };
        let all =
            format!("kcadm.sh get client-scopes {} --fields id,name --format csv --noquotes", self.realm());
        let id = format!("$({all} | sed -n {})", quoted(&format!("s/,{scope}$//p")));
        vec![format!("kcadm.sh update clients/{}/{kind}-client-scopes/{id} {}", self.client(), self.realm())]
    }

    /// What the client needs beyond a sign-in at our pages, so that a service person signs in at the command line
    /// (`token get --store --service --port …`): the way back to that port, and sign-ins that outlast the session.
    pub fn for_service_person(&self, port: u16) -> Vec<String> {
        let back = self.client_set(&format!("redirectUris+=http://127.0.0.1:{port}/"));
        [back, self.scope_added("offline_access")].concat()
    }

    fn registered(&self) -> String {
        format!("{} register --keycloak {} --json --with-secret", self.program, self.renku)
    }

    fn audience_added(&self) -> Vec<String> {
        let name = quoted(&format!("name={}-audience", self.audience));
        let audience = quoted(&format!("config.\"included.client.audience\"={}", self.audience));
        vec![format!(
            "kcadm.sh create clients/{}/protocol-mappers/models {} -s {name} -s protocol=openid-connect \
             -s protocolMapper=oidc-audience-mapper -s {audience} -s 'config.\"access.token.claim\"=true'",
            self.client(),
            self.realm(),
        )]
    }

    /// What the realm says of itself.
    fn discovery(&self, how: &str) -> Vec<String> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        vec![format!("curl {how} {}", quoted(&address))]
    }

    /// The certificate that the realm's server shows.
    fn certificate(&self) -> Vec<String> {
        let server = self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, rest)| rest);
        let server = server.split('/').next().unwrap_or_default();
        let bare = server.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|c| c.is_ascii_digit()));
        let server = if bare { server.to_owned() } else { format!("{server}:443") };
        vec![format!("openssl s_client -showcerts -connect {} </dev/null", quoted(&server))]
    }

    /// Where a person signs in for us.
    fn sign_in(&self) -> Vec<String> {
        let page = self.redirect_uri.trim_end_matches("/callback");
        vec![format!("{page}?renku={}", self.renku)]
    }

    /// The verifier that a Go gateway lacks, and the way that needs none.
    fn accepted(&self) -> Vec<String> {
        vec![
            format!("[renku.{}.oidc] flow = \"device\", client_id = \"renku-cli\"", self.renku),
            "kubectl get configmap -o name | grep gateway".to_owned(),
            format!(
                "authorizationVerifiers: [{{ issuer: {}, audience: {}, authorizedParty: {} }}]",
                self.issuer, self.audience, self.client_id
            ),
        ]
    }
}

/// What mends the problem, as far as commands can; empty where somebody has to decide or to sign in.
#[expect(clippy::wildcard_enum_match_arm, reason = "a problem without a command is the rule")]
pub fn commands(problem: &Problem, place: &Place) -> Vec<String> {
    use ProblemCode as P;
    match problem.code {
        P::ClientUnknown => {
            vec![format!("{} | kcadm.sh create clients {} -f -", place.registered(), place.realm())]
        }
        P::ClientDisabled => place.client_set("enabled=true"),
        P::ClientRefused => {
            vec![format!(
                "{} | kcadm.sh update clients/{} {} -f -",
                place.registered(),
                place.client(),
                place.realm()
            )]
        }
        P::RedirectNotRegistered => place.client_set(&format!("redirectUris+={}", place.redirect_uri)),
        P::CodeFlowOff => place.client_set("standardFlowEnabled=true"),
        P::DeviceFlowOff => place.client_set("attributes.\"oauth2.device.authorization.grant.enabled\"=true"),
        P::PasswordFlowOff => place.client_set("directAccessGrantsEnabled=true"),
        P::PkceRefused => place.client_set("attributes.\"pkce.code.challenge.method\"=S256"),
        P::ConsentMissing | P::FlowNotAllowed => place.client_set("consentRequired=false"),
        P::ScopeNotGranted => place.scope_added(problem.field.as_deref().unwrap_or("email")),
        P::TokenWithoutSubject => place.scope_added("basic"),
        // What the person's account lacks, or the client.
        P::TokenWithoutEmail => {
            let account = place.user_set(&["email=ADDRESS", "emailVerified=true"]);
            [vec![account], place.scope_added("email")].concat()
        }
        P::TokenWithoutName => {
            let account = place.user_set(&["firstName=FIRST", "lastName=LAST"]);
            [vec![account], place.scope_added("profile")].concat()
        }
        P::TokenWithoutAudience => place.audience_added(),
        P::TokenClientNotAccepted => place.accepted(),
        P::OfflineAccessRefused => {
            let name = place.username.as_deref().unwrap_or("NAME");
            vec![format!(
                "kcadm.sh add-roles {} --uusername {} --rolename offline_access",
                place.realm(),
                quoted(name)
            )]
        }
        P::IssuerNotFound | P::IssuerMismatch => place.discovery("-s"),
        P::KeycloakUnreachable | P::KeycloakNotUnderstood => place.discovery("-sv"),
        P::KeycloakNotTrusted => place.certificate(),
        P::SignInNeeded | P::TokenExpired => place.sign_in(),
        P::ServiceSignInNeeded => {
            vec![format!("{} token get --store --service --renku {}", place.program, place.renku)]
        }
        P::RealmDisabled => vec![format!("kcadm.sh update realms/{} -s enabled=true", quoted(&place.realm))],
        P::AccountDisabled => vec![place.user_set(&["enabled=true"])],
        P::AccountNotReady => vec![place.user_set(&["requiredActions=[]"])],
        _ => Vec::new(),
    }
}

/// The text as one word of a shell.
pub fn quoted(text: &str) -> String {
    let tame = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !text.is_empty() && text.chars().all(tame) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_one_line_each_and_names_cannot_break_out_of_their_quotes() {
        let place = Place {
            program: Program::with_config(Path::new("/etc/it's here/$(id).toml")),
            renku: "main".parse().unwrap(),
            issuer: "https://k.example:8443/auth/realms/My Realm".to_owned(),
            realm: "My Realm".to_owned(),
            client_id: "it's".to_owned(),
            redirect_uri: "https://c.example/sign-in/callback?a=$(id)".to_owned(),
            audience: "renku".to_owned(),
            username: Some("a; rm -rf /".to_owned()),
        };
        for code in ProblemCode::ALL {
            for command in commands(&Problem::new(*code), &place) {
                assert!(!command.contains('\n'), "{command}");
                assert!(!command.contains(" rm -rf") || command.contains("a; rm -rf /'"), "{command}");
            }
        }
        let redirect = commands(&Problem::new(ProblemCode::RedirectNotRegistered), &place);
        assert!(
            redirect[0].ends_with("-s 'redirectUris+=https://c.example/sign-in/callback?a=$(id)'"),
            "{redirect:?}"
        );
        assert!(redirect[0].contains(r"-q 'clientId=it'\''s'"), "{redirect:?}");
        for code in [ProblemCode::ClientUnknown, ProblemCode::ClientRefused, ProblemCode::ServiceSignInNeeded]
        {
            let ours = commands(&Problem::new(code), &place);
            let called = r"dataverse-renku --config '/etc/it'\''s here/$(id).toml' ";
            assert!(ours[0].starts_with(called), "{ours:?}");
        }
        let certificate = commands(&Problem::new(ProblemCode::KeycloakNotTrusted), &place);
        assert_eq!(certificate, ["openssl s_client -showcerts -connect k.example:8443 </dev/null"]);
        let place = Place { issuer: "https://k.example/realms/Renku".to_owned(), ..place };
        let certificate = commands(&Problem::new(ProblemCode::KeycloakNotTrusted), &place);
        assert_eq!(certificate, ["openssl s_client -showcerts -connect k.example:443 </dev/null"]);
        let lost = commands(&Problem::new(ProblemCode::IssuerNotFound), &place);
        assert_eq!(lost, ["curl -s https://k.example/realms/Renku/.well-known/openid-configuration"]);
    }

    #[test]
    fn a_printed_command_repeats_the_configuration_file_that_was_given_with_an_absolute_path() {
        assert_eq!(Program::default().to_string(), "dataverse-renku");
        let here = std::env::current_dir().unwrap().join("c.toml");
        let called = Program::with_config(Path::new("c.toml")).to_string();
        assert_eq!(called, format!("dataverse-renku --config {}", quoted(&here.to_string_lossy())));
    }
}
