//! An administrator breaks one thing after the other at a real Keycloak: the doctor names it and nothing else, an import that
//! meets it is told the same, and the `kcadm.sh` commands that are printed are run as they are printed and mend it.
//!
//! Needs `TEST_KEYCLOAK_ISSUER` and `TEST_KEYCLOAK_KCADM` (see `tests/real/keycloak`); nothing else runs it.

use std::collections::BTreeSet;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app::{self, Access, Parts};
use dataverse_renku::doctor::{Check, Finding, Mark, Note, Place, Program, commands};
use dataverse_renku::domain::problem::{Problem, ProblemCode};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::doctor_cases::{DEVICE, Met, OFFLINE, Trouble, cases};
use crate::doctor_world::{Changed, World, codes, healthy, kcadm, only};

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
    after_new_keys(&world).await;
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
        println!("{}: {told}: doctor {named:?}, import {met:?}", case.what);
        assert_eq!(named, only(case.code), "{told}: {findings:#?}");
        if case.code == "issuer-not-found" {
            let issuer = format!("[renku.main.oidc] issuer = \"{}\"", world.issuer);
            assert!(findings.iter().any(|finding| finding.commands.contains(&issuer)), "{findings:#?}");
        }
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
            "{:<32} {:<24} {} commands  {}",
            case.code,
            met.unwrap_or("-"),
            printed.len(),
            case.what,
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
    let mended = ["password-flow-off", "flow-not-allowed", "account-not-ready", "offline-access-refused"];
    world.administrator("kcadm.sh update clients/$C -r Renku -s consentRequired=true");
    // A second factor that she has to set up.
    world.administrator("kcadm.sh update users/$U -r Renku -s 'requiredActions=[\"CONFIGURE_TOTP\"]'");
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
    let wrong = world.fed(&["token", "get", "--password", "alice"], "not her password\n");
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("sign-in-refused"), "{said}");
    world.administrator("kcadm.sh update clients/$C -r Renku -s 'attributes.\"access.token.lifespan\"=1'");
    let brief = String::from_utf8(get().stdout).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let read = world.fed(&["token", "inspect", "--json"], &brief);
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    for door in read["doors"].as_array().unwrap() {
        assert_eq!(door["problem"]["code"], "token-expired", "{read}");
    }
    world.administrator("kcadm.sh update clients/$C -r Renku -s 'attributes.\"access.token.lifespan\"='");
    world.administrator("kcadm.sh add-roles -r Renku --uusername alice --rolename default-roles-renku");
    world.administrator("kcadm.sh update clients/$C -r Renku -s directAccessGrantsEnabled=false");
    BTreeSet::from(mended)
}

/// The realm signs with a new key, and then gives up the old one: whoever signed in before is not asked again, an old token counts
/// no more, and that is nobody's fault.
async fn after_new_keys(world: &World) {
    world.write(Changed::default());
    world.sign_in("alice").await;
    let ground = app::doctor(&world.config()).unwrap().ground;
    let old = ground.sign_ins(&"main".parse().unwrap(), 1).await.unwrap().remove(0).access;
    world.administrator(
        "kcadm.sh create components -r Renku -s name=newer -s providerId=rsa-generated \
         -s providerType=org.keycloak.keys.KeyProvider -s 'config.priority=[\"200\"]'",
    );
    assert_eq!(world.wrong().await, BTreeSet::new(), "both keys count");
    world.administrator(
        "kcadm.sh delete components/$(kcadm.sh get components -r Renku -q type=org.keycloak.keys.KeyProvider \
         --fields id,name --format csv --noquotes | sed -n 's/,rsa-generated$//p') -r Renku",
    );
    let findings = world.examine().await;
    assert_eq!(codes(&findings), BTreeSet::new(), "{findings:#?}");
    let noted = |finding: &Finding| finding.check == Check::Person && finding.note == Some(Note::NotFresh);
    assert!(findings.iter().any(noted), "{findings:#?}");
    let parts = Parts::connect(&world.config(), Access::Serve, None).await.unwrap();
    let refused = parts.identity.bearer(&old).await.unwrap_err();
    assert_eq!(refused.problem.code.as_str(), "token-signature-wrong");
    parts.close().await;
    assert_eq!(world.at_an_import().await, None, "it goes on with a token of the new key");
    println!("the realm's keys are rotated: nothing is wrong, and an old token is token-signature-wrong");
}

/// Every problem that is told with a command for Keycloak's administrator.
fn with_commands() -> BTreeSet<&'static str> {
    let place = Place {
        program: Program::default(),
        renku: "main".parse().unwrap(),
        issuer: String::new(),
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

#[tokio::test]
#[ignore = "needs a real Keycloak: run tests/real/keycloak/run"]
async fn the_lines_for_a_service_person_give_the_client_what_it_lacks_at_the_real_keycloak() {
    let world = World::start().await;
    let (back, client) = ("http://127.0.0.1:8474/", "kcadm.sh get clients/$C -r Renku");
    let scope = "/optional-client-scopes/$(scope offline_access) -r Renku";
    world.administrator(&format!("kcadm.sh delete clients/$C{scope}"));
    world.administrator(&format!("{client} | tee /dev/stderr | (! grep -e offline_access -e {back})"));
    let told = world.ours(&["register", "--keycloak", "main"]);
    let told = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
    let lines: Vec<_> = told.lines().filter(|line| line.starts_with("kcadm.sh update clients/")).collect();
    assert_eq!(lines.len(), 2, "{told}");
    for line in lines {
        world.administrator(line);
    }
    world.administrator(&format!("{client} | grep {back}"));
    world.administrator(&format!("{client} | grep offline_access"));
    // As it is made there; it may be kept for the next run.
    let usual = r#"'redirectUris=["http://127.0.0.1*","http://localhost*"]'"#;
    world.administrator(&format!("kcadm.sh update clients/$C -r Renku -s {usual}"));
}
