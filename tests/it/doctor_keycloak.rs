//! An administrator breaks one thing after the other at a real Keycloak: the doctor names it and nothing else, an import that
//! meets it is told the same, and the `kcadm.sh` commands that are printed are run as they are printed and mend it.
//!
//! Needs `TEST_KEYCLOAK_ISSUER` and `TEST_KEYCLOAK_KCADM` (see `tests/real/keycloak`); nothing else runs it.

use std::collections::BTreeSet;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app;
use dataverse_renku::doctor::{Finding, Mark, Place, commands};
use dataverse_renku::domain::problem::{Problem, ProblemCode};
use secrecy::ExposeSecret as _;

use crate::doctor_world::{Changed, World, codes, from_environment, healthy, kcadm, only};

/// What goes wrong.
#[derive(Clone, Copy)]
enum Trouble {
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
enum Met {
    /// The doctor alone: it stands in the way of signing in, and imports go on.
    AtSignIn,
    /// The doctor and imports.
    Everywhere,
    /// Imports; and after one of them the doctor, since Keycloak tells it to nobody who does not renew.
    ByImportsFirst,
}

struct Case {
    trouble: Trouble,
    code: &'static str,
    met: Met,
    /// What an import is told, where that is another word for it.
    import: Option<&'static str>,
    /// What undoes it, where no command is printed.
    undo: &'static str,
    /// What is put back beside that, so that the next case starts as this one did.
    tidy: &'static str,
    /// `[renku.main.oidc]` before.
    oidc: &'static str,
}

const fn case(trouble: Trouble, code: &'static str) -> Case {
    Case { trouble, code, met: Met::Everywhere, import: None, undo: "", tidy: "", oidc: "" }
}

const fn typed(line: &'static str, code: &'static str) -> Case {
    case(Trouble::Typed(line), code)
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

    fn told(&self) -> String {
        match self.trouble {
            Trouble::Typed(line) => line.to_owned(),
            Trouble::Oidc(oidc) => format!("configured: {}", oidc.replace('\n', ", ")),
            Trouble::Issuer(_) => "configured: another issuer".to_owned(),
            Trouble::TokenReused => "the refresh token was used twice elsewhere".to_owned(),
        }
    }
}

const OFFLINE: &str = "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n\
                       scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]";
const DEVICE: &str = "flow = \"device\"\nclient_id = \"renku-cli\"";
/// Over before the command ends.
const SESSION_OVER: &str = "kcadm.sh update realms/Renku -s ssoSessionMaxLifespan=1; sleep 2";
const SESSION_IDLE: &str = "kcadm.sh update realms/Renku -s ssoSessionIdleTimeout=1; sleep 2";
const LIFETIMES: &str =
    "kcadm.sh update realms/Renku -s ssoSessionMaxLifespan=604800 -s ssoSessionIdleTimeout=86400";

fn cases() -> Vec<Case> {
    vec![
        typed("kcadm.sh update clients/$C -r Renku -s enabled=false", "client-disabled").import("client-unknown"),
        typed("kcadm.sh update clients/$C -r Renku -s secret=another", "client-refused"),
        typed("kcadm.sh update clients/$C -r Renku -s clientAuthenticatorType=client-jwt", "client-refused"),
        typed(
            "kcadm.sh update clients/$C -r Renku -s 'redirectUris=[\"https://elsewhere.example/x\"]'",
            "redirect-address-not-registered",
        )
        .at_sign_in(),
        typed("kcadm.sh update clients/$C -r Renku -s standardFlowEnabled=false", "code-flow-off").at_sign_in(),
        typed(
            "kcadm.sh update clients/$C -r Renku -s 'attributes.\"pkce.code.challenge.method\"=plain'",
            "pkce-refused",
        )
        .at_sign_in(),
        typed("kcadm.sh delete clients/$C/default-client-scopes/$(scope email) -r Renku", "scope-not-granted")
            .import("token-without-email"),
        typed("kcadm.sh delete clients/$C/default-client-scopes/$(scope profile) -r Renku", "scope-not-granted")
            .import("token-without-name"),
        typed("kcadm.sh delete clients/$C/default-client-scopes/$(scope basic) -r Renku", "token-without-subject"),
        typed(
            "kcadm.sh delete clients/$C/optional-client-scopes/$(scope offline_access) -r Renku",
            "scope-not-granted",
        )
        .oidc(OFFLINE)
        .import("sign-in-needed"),
        typed(
            "kcadm.sh update clients/$(kcadm.sh get clients -r Renku -q clientId=renku-cli --fields id --format csv --noquotes) \
             -r Renku -s 'attributes.\"oauth2.device.authorization.grant.enabled\"=false'",
            "device-flow-off",
        )
        .oidc(DEVICE)
        .at_sign_in(),
        typed("kcadm.sh update realms/Renku -s enabled=false", "realm-disabled"),
        typed(
            "kcadm.sh update realms/Renku -s attributes.frontendUrl=https://renku.example.org/auth",
            "issuer-mismatch",
        )
        .undo("kcadm.sh update realms/Renku -s attributes.frontendUrl="),
        typed(
            "kcadm.sh delete clients/$C/protocol-mappers/models/$(kcadm.sh get clients/$C/protocol-mappers/models -r Renku \
             --fields id --format csv --noquotes) -r Renku",
            "token-without-audience",
        ),
        typed("kcadm.sh update users/$U -r Renku -s 'firstName=\"\"' -s 'lastName=\"\"'", "token-without-name"),
        typed("kcadm.sh update users/$U -r Renku -s 'email=\"\"'", "token-without-email"),
        typed("kcadm.sh update users/$U -r Renku -s enabled=false", "account-disabled"),
        typed("kcadm.sh create users/$U/logout -r Renku -b '{}'", "sign-in-needed"),
        typed("kcadm.sh create logout-all -r Renku -b '{}'", "sign-in-needed"),
        typed(SESSION_OVER, "sign-in-needed").undo(LIFETIMES),
        typed(SESSION_IDLE, "sign-in-needed").undo(LIFETIMES),
        typed("kcadm.sh update realms/Renku -s notBefore=$(($(date +%s) + 1))", "sign-in-needed")
            .undo("kcadm.sh update realms/Renku -s notBefore=0"),
        case(Trouble::TokenReused, "sign-in-needed"),
        typed("kcadm.sh update clients/$C -r Renku -s consentRequired=true", "consent-missing").by_imports_first(),
        case(Trouble::Issuer(|world| format!("{}x", world.issuer)), "issuer-not-found"),
        case(Trouble::Issuer(|world| world.issuer.replace("/auth/", "/")), "issuer-not-found"),
        case(Trouble::Issuer(|_| "http://127.0.0.1:1/auth/realms/Renku".to_owned()), "keycloak-unreachable"),
        case(Trouble::Issuer(|_| from_environment("TEST_KEYCLOAK_TLS_ISSUER").unwrap()), "keycloak-not-trusted"),
        case(
            Trouble::Oidc("client_id = \"dataverse-connector\"\nclient_secret = \"not-the-secret\""),
            "client-refused",
        )
        .tidy("kcadm.sh update clients/$C -r Renku -s secret=sandbox-secret"),
        case(Trouble::Oidc("client_id = \"nobody\"\nclient_secret = \"sandbox-secret\""), "client-unknown").tidy(
            "kcadm.sh delete clients/$(kcadm.sh get clients -r Renku -q clientId=nobody --fields id --format csv --noquotes) -r Renku",
        ),
        typed("kcadm.sh delete clients/$C -r Renku", "client-unknown"),
    ]
}

/// The commands of a finding, with what an administrator fills in.
fn as_typed(findings: &[Finding]) -> Vec<String> {
    let broken = findings.iter().filter(|finding| finding.mark == Mark::Broken);
    let commands =
        broken.flat_map(|finding| &finding.commands).filter(|command| command.contains("kcadm.sh"));
    commands
        .map(|command| {
            command
                .replace("FIRST", "Alice")
                .replace("LAST", "Amsler")
                .replace("ADDRESS", "alice@example.org")
        })
        .collect()
}

impl World {
    async fn breaks(&self, trouble: Trouble) {
        match trouble {
            Trouble::Typed(line) => self.administrator(line),
            Trouble::Oidc(oidc) => self.write(Changed { oidc, ..Changed::default() }),
            Trouble::Issuer(issuer) => {
                let issuer = issuer(self);
                self.write(Changed { issuer: Some(&issuer), ..Changed::default() });
            }
            Trouble::TokenReused => {
                let ground = app::doctor(&self.config()).unwrap().ground;
                let stored = ground.sign_ins(&"main".parse().unwrap(), 1).await.unwrap().remove(0);
                let refresh = stored.refresh.unwrap();
                let http = client(&HttpSettings::default()).unwrap();
                let mut answers = Vec::new();
                for _ in 0..2 {
                    let form = [
                        ("grant_type", "refresh_token"),
                        ("client_id", "dataverse-connector"),
                        ("client_secret", "sandbox-secret"),
                        ("refresh_token", refresh.expose_secret()),
                    ];
                    let token = format!("{}/protocol/openid-connect/token", self.issuer);
                    answers.push(http.post(token).form(&form).send().await.unwrap().status().as_u16());
                }
                assert_eq!(answers, [200, 400], "the realm rotates");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs a real Keycloak: run tests/real/keycloak/run"]
async fn what_can_be_broken_at_the_real_keycloak_is_named_by_doctor_and_import_and_mended_by_the_printed_commands()
 {
    kcadm().expect("tests/real/keycloak/run starts a Keycloak and names its administrator's tool");
    let world = healthy().await;
    let mut lines = Vec::new();
    let mut by_both = 0;
    // Before the client gets another number.
    let mut mended = at_token_get(&world);
    for case in cases() {
        let told = case.told();
        world.write(Changed { oidc: case.oidc, ..Changed::default() });
        if case.oidc != DEVICE {
            world.sign_in("alice").await;
        }
        let before = world.examine().await;
        assert_eq!(codes(&before), BTreeSet::new(), "before: {told}: {before:#?}");
        world.breaks(case.trouble).await;
        let mut findings = world.examine().await;
        let mut named = codes(&findings);
        let met = if case.met == Met::AtSignIn {
            None
        } else {
            world.at_an_import().await.map(ProblemCode::as_str)
        };
        if case.met == Met::ByImportsFirst {
            assert_eq!(named, BTreeSet::new(), "{told}: it can be seen before");
            findings = world.examine().await;
            named = codes(&findings);
        }
        println!("{told}: doctor {named:?}, import {met:?}");
        assert_eq!(named, only(case.code), "{told}: {findings:#?}");
        let wanted = case.import.unwrap_or(case.code);
        assert_eq!(met, (case.met != Met::AtSignIn).then_some(wanted), "{told}");
        by_both += usize::from(case.met != Met::AtSignIn);
        let printed = as_typed(&findings);
        for command in &printed {
            world.administrator(command);
        }
        if !printed.is_empty() {
            mended.insert(case.code);
        }
        if !case.undo.is_empty() {
            assert!(printed.is_empty(), "{told}: {printed:?}");
            world.administrator(case.undo);
        }
        if matches!(case.trouble, Trouble::Issuer(_)) {
            world.write(Changed::default());
        }
        if case.met != Met::AtSignIn && case.oidc != DEVICE && !matches!(case.trouble, Trouble::Oidc(_)) {
            // A sign-in that was ended stays ended; the person signs in again.
            world.sign_in("alice").await;
        }
        let left = world.examine().await;
        assert_eq!(codes(&left), BTreeSet::new(), "{told} is not mended by {printed:?}: {left:#?}");
        if !case.tidy.is_empty() {
            world.administrator(case.tidy);
        }
        lines.push(format!(
            "{:<32} {:<24} {} commands  {told}",
            case.code,
            met.unwrap_or("-"),
            printed.len()
        ));
    }
    println!("{}", lines.join("\n"));
    println!(
        "{} failures provoked at the real Keycloak, {by_both} of them named by doctor and by an import",
        lines.len()
    );
    assert!(by_both >= 20, "{by_both}");
    assert_eq!(mended, with_commands(), "every kcadm command that is ever printed was run");
}

/// What stands in the way of `token get --password`, and the printed commands that let it through; the codes that were mended.
fn at_token_get(world: &World) -> BTreeSet<&'static str> {
    world.write(Changed { oidc: OFFLINE, ..Changed::default() });
    world.administrator("kcadm.sh update clients/$C -r Renku -s directAccessGrantsEnabled=false");
    let get = || world.fed(&["token", "get", "--password", "alice"], &format!("{}\n", world.password));
    // In the order in which Keycloak looks at them.
    let mended = ["password-flow-off", "account-not-ready", "offline-access-refused"];
    world.administrator("kcadm.sh update users/$U -r Renku -s 'requiredActions=[\"UPDATE_PASSWORD\"]'");
    // Directly she has it where this ran before.
    world.administrator("kcadm.sh remove-roles -r Renku --uusername alice --rolename default-roles-renku --rolename offline_access");
    for code in mended {
        let refused = get();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.stdout.is_empty() && said.contains(code), "{code}: {said}");
        let commands: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("  kcadm.sh ")).collect();
        assert_eq!(commands.len(), 1, "{said}");
        world.administrator(&format!("kcadm.sh {}", commands[0]));
    }
    let got = get();
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    assert!(String::from_utf8(got.stdout).unwrap().starts_with("ey"));
    world.administrator("kcadm.sh add-roles -r Renku --uusername alice --rolename default-roles-renku");
    world.administrator("kcadm.sh update clients/$C -r Renku -s directAccessGrantsEnabled=false");
    BTreeSet::from(mended)
}

/// Every problem that is told with a command for Keycloak's administrator.
fn with_commands() -> BTreeSet<&'static str> {
    let place = Place {
        renku: "main".parse().unwrap(),
        realm: "Renku".to_owned(),
        client_id: "dataverse-connector".to_owned(),
        redirect_uri: String::new(),
        audience: "renku".to_owned(),
        username: None,
    };
    let told = |code: &&ProblemCode| {
        commands(&Problem::new(**code), &place).iter().any(|command| command.contains("kcadm.sh"))
    };
    ProblemCode::ALL.iter().filter(told).map(|code| code.as_str()).collect()
}
