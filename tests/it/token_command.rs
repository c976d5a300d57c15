//! `token get` by a device and by a password that is typed at a terminal, and `token inspect`, at the simulated Keycloak or at a
//! real one named by `TEST_KEYCLOAK_ISSUER`. Through a browser: see `doctor`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app::{Access, Parts};
use dataverse_renku::domain::ports::identity::Tokens as _;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::doctor_world::World;

/// For whatever must come to pass.
const PATIENCE: Duration = Duration::from_secs(60);
const DEVICE: [&str; 5] = ["token", "get", "--device", "--client-id", "renku-cli"];

/// A `token get --device` that waits for its person.
struct Waiting {
    child: Child,
    rest: BufReader<std::process::ChildStderr>,
    said: String,
    address: String,
    code: String,
}

impl Waiting {
    fn begin(world: &World, arguments: &[&str]) -> Self {
        let mut child = world.spawned(arguments);
        let mut rest = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut told) = (String::new(), Vec::new());
        while told.len() < 2 {
            let mut line = String::new();
            assert!(rest.read_line(&mut line).unwrap() > 0, "no code: {said}");
            if let Some(text) = line.strip_prefix("  ") {
                told.push(text.trim().to_owned());
            }
            said.push_str(&line);
        }
        let (code, address) = (told.pop().unwrap(), told.pop().unwrap());
        assert!(address.starts_with("http") && address.contains(&code), "{said}");
        Self { child, rest, said, address, code }
    }

    async fn answered(&self, world: &World, agreed: bool) {
        Browser::new().at_device(&self.address, "alice", &world.password, agreed).await;
    }

    /// Its status, what it printed and what it said.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        self.rest.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), printed, self.said)
    }
}

/// Waits until it is so.
async fn eventually(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is().await {
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// How many polls of a device the simulated Keycloak has answered like this.
async fn polls(world: &World, outcome: &str) -> usize {
    let base = &world.keycloak.as_ref().unwrap().base_url;
    let http = client(&HttpSettings::default()).unwrap();
    let events: Value = http.get(format!("{base}/_sim/events")).send().await.unwrap().json().await.unwrap();
    let is = |event: &&Value| {
        let grant = event["grant"].as_str().unwrap();
        grant.contains("device") && event["outcome"].as_str().unwrap().contains(outcome)
    };
    events.as_array().unwrap().iter().filter(is).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_its_token_on_standard_output_alone_and_every_door_takes_it() {
    let world = World::start().await;
    let waiting = Waiting::begin(&world, &DEVICE);
    waiting.answered(&world, true).await;
    let code = waiting.code.clone();
    let (status, printed, said) = waiting.end();
    assert_eq!(status, Some(0), "{said}");
    let token = printed.strip_suffix('\n').unwrap();
    assert!(token.starts_with("ey") && !token.contains(char::is_whitespace), "the token and nothing else");
    assert!(said.contains(&code) && said.contains("alice") && !said.contains(token), "{said}");

    let read = world.fed(&["token", "inspect"], &printed);
    let told = String::from_utf8(read.stdout).unwrap();
    assert_eq!(read.status.code(), Some(0), "{told}");
    assert_eq!((told.matches("✓ ").count(), told.matches("✗ ").count()), (3, 0), "{told}");
    assert!(told.contains("The signature is the realm's."), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_refused_is_told_so() {
    let world = World::start().await;
    let waiting = Waiting::begin(&world, &DEVICE);
    waiting.answered(&world, false).await;
    let (status, printed, said) = waiting.end();
    assert_eq!((status, printed.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("sign-in-refused"), "{said}");
}

#[tokio::test]
async fn a_client_that_may_not_use_a_device_is_told_with_the_command_that_lets_it() {
    let world = World::start().await;
    let refused = world.ours(&["token", "get", "--device"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{said}");
    assert!(said.contains("device-flow-off"), "{said}");
    let command = said.lines().find(|line| line.starts_with("  kcadm.sh update clients/")).unwrap();
    assert!(command.contains("oauth2.device.authorization.grant.enabled"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_time_is_over_is_named() {
    let world = World::with_simulated_keycloak().await;
    let waiting = Waiting::begin(&world, &DEVICE);
    world.simulated("clock", json!({"advance_s": 700})).await;
    let (status, printed, said) = waiting.end();
    assert_eq!((status, printed.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("sign-in-attempt-unknown") && said.contains("expired_token"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_told_to_slow_down_does_and_an_outage_does_not_end_it() {
    let world = World::with_simulated_keycloak().await;
    world.simulated("faults", json!({"name": "token_endpoint_down"})).await;
    world.simulated("faults", json!({"name": "slow_down"})).await;
    let waiting = Waiting::begin(&world, &DEVICE);
    eventually("told to slow down", async || polls(&world, "slow_down").await == 1).await;
    let told = Instant::now();
    waiting.answered(&world, true).await;
    let (status, printed, said) = waiting.end();
    assert_eq!((status, printed.starts_with("ey")), (Some(0), true), "{said}");
    // RFC 8628 §3.5: five seconds more than the five that it was told first.
    assert!(told.elapsed() >= Duration::from_secs(9), "{:?}", told.elapsed());
    let polls = [polls(&world, "503").await, polls(&world, "slow_down").await, polls(&world, "ok").await];
    assert_eq!(polls, [1, 1, 1], "nothing was asked in between");
}

/// Our client at the simulated Keycloak, with what is changed in it.
async fn our_client(world: &World, change: &str) {
    let mut client = json!({
        "client_id": "dataverse-connector", "secret": "sandbox-secret", "standard_flow": true, "pkce_required": true,
        "audience_renku": true, "offline_access": true, "redirect_uris": ["http://127.0.0.1*"],
    });
    client[change] = json!(true);
    world.simulated("clients", client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_device_or_password_is_kept_where_that_is_asked_for_and_imports_go_on_with_it() {
    let world = World::with_simulated_keycloak().await;
    our_client(&world, "device_flow").await;
    let waiting = Waiting::begin(&world, &["token", "get", "--store", "--device"]);
    waiting.answered(&world, true).await;
    let (status, printed, said) = waiting.end();
    assert_eq!((status, printed.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("alice's sign-in is kept; no import had waited for it."), "{said}");
    assert_eq!(world.at_an_import().await, None);

    let world = World::with_simulated_keycloak().await;
    our_client(&world, "direct_access_grants").await;
    let kept = world.fed(&["token", "get", "--store", "--password", "alice"], "any\n");
    let said = String::from_utf8(kept.stderr).unwrap();
    assert_eq!((kept.status.code(), kept.stdout.len()), (Some(0), 0), "{said}");
    assert!(said.contains("alice's sign-in is kept; no import had waited for it."), "{said}");
    assert_eq!(world.at_an_import().await, None);
}

/// A terminal of its own (`script` of util-linux) with a shell in it, in which the command runs.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    seen: Arc<Mutex<String>>,
    /// Where the command's standard output goes.
    printed: std::path::PathBuf,
}

impl Terminal {
    /// Opens one that shows what is typed, and runs the command there.
    async fn open(world: &World, arguments: &str) -> Self {
        let printed = world.folder.path().join("printed");
        let session = world.folder.path().join("session.sh");
        let lines = format!(
            "stty echo\necho 'Ready.'\nread -r typed\nbefore=$(stty -g)\ntrap : INT\n\
             sh -c 'echo \"Process $$.\" >&2; exec \"$@\"' sh '{ours}' --config '{file}' {arguments} >'{printed}'\n\
             echo \"Ended $?.\"\nif [ \"$(stty -g)\" = \"$before\" ]; then echo 'As before.'; else stty -a; fi\nread -r typed\n",
            ours = env!("CARGO_BIN_EXE_dataverse-renku"),
            file = world.file().display(),
            printed = printed.display(),
        );
        std::fs::write(&session, lines).unwrap();
        let mut command = Command::new("script");
        command
            .args(["-qec", &format!("exec sh '{}'", session.display()), "/dev/null"])
            .env("SHELL", "/bin/sh");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("`script` of util-linux (Debian's bsdutils)");
        let (keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let seen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut buffer) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        let mut terminal = Self { child, keys, seen, printed };
        terminal.shows("Ready.").await;
        terminal.types("seen before\n");
        terminal.shows("seen before").await;
        terminal.shows("Password:").await;
        terminal
    }

    fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn screen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    async fn shows(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.screen().contains(text) {
            assert!(Instant::now() < until, "never shown: {text}\n{}", self.screen());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for the end of the command with this status; the terminal must be as it was. What was shown, and what was printed.
    async fn ends(mut self, status: u8) -> (String, String) {
        self.shows("Ended ").await;
        self.shows(&format!("Ended {status}.")).await;
        self.shows("As before.").await;
        self.types("seen after\n");
        self.shows("seen after").await;
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.screen());
        (self.screen(), std::fs::read_to_string(&self.printed).unwrap())
    }
}

/// A password that is right, and that is no part of any word.
fn right(world: &World) -> &str {
    if world.keycloak.is_some() { "q4Z-horse-battery" } else { &world.password }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_typed_unseen_and_where_it_is_not_allowed_the_command_that_allows_it_is_told() {
    let world = World::start().await;
    let mut terminal = Terminal::open(&world, "token get --password alice").await;
    terminal.types(&format!("{}\n", right(&world)));
    let (shown, printed) = terminal.ends(1).await;
    assert!(!shown.contains(right(&world)), "{shown}");
    let (warning, asked) =
        (shown.find("A password belongs on Keycloak's own page."), shown.find("Password:"));
    assert!(warning.is_some() && warning < asked, "why not to comes before the prompt: {shown}");
    assert!(shown.contains("Client not allowed for direct access grants"), "{shown}");
    assert!(shown.contains("password-flow-off"), "{shown}");
    assert!(shown.contains("kcadm.sh update clients/") && shown.contains("directAccessGrantsEnabled=true"));
    assert_eq!(printed, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_password_is_allowed_the_token_is_on_standard_output_alone() {
    let world = World::start().await;
    let real = |on: bool| {
        world
            .administrator(&format!("kcadm.sh update clients/$C -r Renku -s directAccessGrantsEnabled={on}"));
    };
    if world.keycloak.is_some() {
        our_client(&world, "direct_access_grants").await;
    } else {
        real(true);
    }
    let mut terminal = Terminal::open(&world, "token get --password alice").await;
    terminal.types(&format!("{}\n", right(&world)));
    let (shown, printed) = terminal.ends(0).await;
    let mut terminal = Terminal::open(&world, "token get --password alice").await;
    terminal.types("wrong\n");
    let (refused, nothing) = terminal.ends(1).await;
    if world.keycloak.is_none() {
        real(false);
    }
    assert!(printed.starts_with("ey") && printed.lines().count() == 1);
    assert!(!shown.contains(printed.trim()) && !shown.contains(right(&world)), "{shown}");
    assert!(shown.contains("A password belongs on Keycloak's own page."), "{shown}");
    assert!(refused.contains("sign-in-refused") && nothing.is_empty(), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_again_what_is_typed_when_the_typing_was_broken_off() {
    let world = World::with_simulated_keycloak().await;
    let mut terminal = Terminal::open(&world, "token get --password alice").await;
    terminal.types("q4Z-half");
    // Ctrl-C
    terminal.types("\u{3}");
    let (shown, printed) = terminal.ends(130).await;
    assert!(!shown.contains("q4Z") && shown.contains("SIGINT") && printed.is_empty(), "{shown}");

    let mut terminal = Terminal::open(&world, "token get --password alice").await;
    terminal.types("q4Z-half");
    let process = terminal.screen();
    let process = process.split("Process ").nth(1).unwrap().split('.').next().unwrap();
    assert!(Command::new("kill").args(["-TERM", process]).status().unwrap().success());
    let (shown, printed) = terminal.ends(143).await;
    assert!(!shown.contains("q4Z") && shown.contains("SIGTERM") && printed.is_empty(), "{shown}");

    // Ctrl-D, and nothing typed.
    for keys in ["\u{4}", "\n"] {
        let mut terminal = Terminal::open(&world, "token get --password alice").await;
        terminal.types(keys);
        let (shown, _) = terminal.ends(1).await;
        assert!(shown.contains("no password was given"), "{shown}");
    }
    assert_eq!(seen_grants(&world, "password").await, 0, "nothing half typed was sent");
}

async fn seen_grants(world: &World, grant: &str) -> usize {
    let base = &world.keycloak.as_ref().unwrap().base_url;
    let http = client(&HttpSettings::default()).unwrap();
    let events: Value = http.get(format!("{base}/_sim/events")).send().await.unwrap().json().await.unwrap();
    events.as_array().unwrap().iter().filter(|event| event["grant"] == grant).count()
}

/// An access token that our client got for alice.
async fn our_token(world: &World) -> String {
    world.sign_in("alice").await;
    let parts = Parts::connect(&world.config(), Access::Tool, None).await.unwrap();
    let person = parts.people.people(1).await.unwrap().remove(0);
    let token = parts.identity.access_token(person.id).await.unwrap().expose().to_owned();
    parts.close().await;
    token
}

/// What `token inspect` says of it: its status and its words.
fn inspected(world: &World, token: &str) -> (Option<i32>, String) {
    let read = world.fed(&["token", "inspect"], token);
    (read.status.code(), String::from_utf8(read.stdout).unwrap())
}

/// The line on each door, without what it says beside.
fn doors(told: &str) -> Vec<(char, &str)> {
    let lines = told.lines().filter(|line| line.starts_with(['✓', '✗']));
    lines.map(|line| (line.chars().next().unwrap(), line.split('(').next().unwrap()[3..].trim())).collect()
}

const PYTHON: &str = "Renku 1 behind the Python gateway";
const GO: &str = "Renku 1 behind the Go gateway";
const DATA: &str = "Renku 2";

#[tokio::test]
async fn a_token_is_read_from_standard_input_and_each_door_says_in_words_why_not() {
    let world = World::start().await;
    let token = our_token(&world).await;
    let argument = world.ours(&["token", "inspect", &token]);
    assert_eq!((argument.status.code(), argument.stdout.len()), (Some(2), 0), "never from an argument");

    let (status, told) = inspected(&world, &token);
    assert_eq!((status, doors(&told)), (Some(0), vec![('✓', PYTHON), ('✗', GO), ('✓', DATA)]), "{told}");
    assert!(told.contains("The signature is the realm's."), "{told}");
    assert!(told.contains("token-client-not-accepted"), "{told}");
    assert!(told.contains("azp is \"dataverse-connector\"") && told.contains("flow = \"device\""), "{told}");

    let (head, signature) = token.rsplit_once('.').unwrap();
    let another = if signature.starts_with('A') { "B" } else { "A" };
    for signature in [format!("{another}{}", &signature[1..]), "no signature".to_owned(), String::new()] {
        let (status, told) = inspected(&world, &format!("{head}.{signature}"));
        assert_eq!((status, told.matches("✗ ").count()), (Some(1), 3), "{told}");
        assert!(told.contains("The signature is not the realm's."), "{told}");
        assert!(told.contains("token-signature-wrong"), "{told}");
    }
}

#[tokio::test]
async fn without_the_issuer_a_token_is_judged_by_its_claims_and_another_realms_never_passes_for_ours() {
    let mut world = World::with_simulated_keycloak().await;
    let token = our_token(&world).await;
    let other = World::with_simulated_keycloak().await;
    // Another realm has another key.
    other.simulated("faults", json!({"name": "rotate_keys"})).await;
    let foreign = our_token(&other).await;
    let (status, told) = inspected(&world, &foreign);
    assert_eq!((status, told.matches("✗ ").count()), (Some(1), 3), "{told}");
    assert!(told.contains("token-issuer-mismatch") && told.contains("token-signature-wrong"), "{told}");

    world.keycloak.take().unwrap().stop().await;
    let began = Instant::now();
    let (status, told) = inspected(&world, &token);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!((status, doors(&told)), (Some(0), vec![('✓', PYTHON), ('✗', GO), ('✓', DATA)]), "{told}");
    assert!(told.contains("The signature could not be checked"), "{told}");
}

/// Begins a `token get` through a browser, and says where that would be sent back to, and with which state.
fn at_a_browser(world: &World) -> (Child, BufReader<std::process::ChildStderr>, String, String) {
    let mut child = world.spawned(&["token", "get"]);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let url = loop {
        let mut line = String::new();
        assert!(said.read_line(&mut line).unwrap() > 0, "no address");
        if line.trim().starts_with("http") {
            break url::Url::parse(line.trim()).unwrap();
        }
    };
    let value = |wanted| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    (child, said, value("redirect_uri"), value("state"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_in_its_language_that_the_sign_in_was_refused() {
    let world = World::with_simulated_keycloak().await;
    for (language, words) in [
        ("fr-CH, en;q=0.5", "La connexion a été refusée."),
        ("de", "Die Anmeldung wurde abgelehnt."),
        ("xx", "Signing in was refused."),
    ] {
        let (mut child, mut said, back, state) = at_a_browser(&world);
        let http = client(&HttpSettings::default()).unwrap();
        let query = [("error", "access_denied"), ("state", state.as_str())];
        let answer = http.get(&back).query(&query).header("Accept-Language", language).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let page = answer.text().await.unwrap();
        assert!(page.starts_with(words), "{page}");
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1));
        assert!(rest.contains("sign-in-refused") && rest.contains("access_denied"), "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_with_the_option_that_names_another() {
    let world = World::with_simulated_keycloak().await;
    let kept = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = kept.local_addr().unwrap();
    let told = world.ours(&["token", "get", "--port", &address.port().to_string()]);
    assert_eq!((told.status.code(), told.stdout.len()), (Some(1), 0));
    let told = String::from_utf8(told.stderr).unwrap();
    let line = told.lines().last().unwrap();
    assert!(line.starts_with(&format!("another program listens at {address} already")), "{told}");
    assert!(line.contains("--port"), "{told}");
}
