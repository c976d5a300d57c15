//! From the button in Dataverse to an import, over HTTP: our binary, the simulated Dataverse, Keycloak and Renku, and a browser with
//! its cookies. How it looks is tested in a real browser.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataverse_renku::sandbox::dataverse::ADMIN_API_TOKEN;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::whole::{App, Kept, Whole, Wishes};

/// What a browser got.
struct Seen {
    status: u16,
    /// Where it was led to and stopped, if it was led.
    location: Option<String>,
    body: String,
}

impl Seen {
    fn must_say(&self, words: &str) {
        assert!(self.body.contains(words), "“{words}” is not on the page:\n{}", self.body);
    }

    fn must_not_say(&self, words: &str) {
        assert!(!self.body.contains(words), "“{words}” is on the page:\n{}", self.body);
    }

    /// The value of the form's hidden field.
    fn hidden(&self, name: &str) -> String {
        let field = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&field).unwrap_or_else(|| panic!("no {name} in\n{}", self.body));
        self.body[at + field.len()..].split('"').next().unwrap().to_owned()
    }
}

/// A browser at one connector, following what leads inside it.
struct Tabs {
    http: reqwest::Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Tabs {
    #[expect(clippy::disallowed_methods, reason = "the test plays a browser, which is none of our clients")]
    fn at(whole: &Whole) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: whole.address(), cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Seen {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(COOKIE, cookies.join("; ")).header("accept", "text/html");
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.trim().to_owned(), value.to_owned());
        }
        let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        Seen { status: answer.status().as_u16(), location, body: answer.text().await.unwrap() }
    }

    /// Opens an address and follows while it leads on at the connector; imports' own pages are another matter.
    async fn open(&mut self, address: &str) -> Seen {
        let mut address = self.absolute(address);
        for _ in 0..6 {
            let seen = self.send(self.http.get(&address)).await;
            let inside =
                seen.location.as_ref().filter(|to| to.starts_with('/') && !to.starts_with("/imports"));
            let Some(to) = inside else {
                let at = address.strip_prefix(&self.base).unwrap_or(&address).to_owned();
                return Seen { location: seen.location.clone().or(Some(at)), ..seen };
            };
            address = self.absolute(to);
        }
        panic!("it leads on and on: {address}");
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') { format!("{}{address}", self.base) } else { address.to_owned() }
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let request = self.http.post(self.absolute(path)).header("origin", &self.base).form(fields);
        self.send(request).await
    }

    /// Signs in by the link on a page, and goes on where that leads.
    async fn sign_in(&mut self, link: &str, person: &str) -> Seen {
        let begun = self.send(self.http.get(self.absolute(link))).await;
        let keycloak = format!("{}&login_hint={person}&sandbox_auto=1", begun.location.unwrap());
        let back = self.http.get(keycloak).send().await.unwrap();
        let back = back.headers()[LOCATION].to_str().unwrap().to_owned();
        self.open(&back).await
    }
}

/// The link with this id.
fn link(page: &Seen, id: &str) -> String {
    let tag = page.body.split(&format!("id=\"{id}\" href=\"")).nth(1);
    let tag = tag.unwrap_or_else(|| panic!("no link {id} in\n{}", page.body));
    tag.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
}

struct Stage {
    whole: Whole,
    app: App,
}

impl Stage {
    async fn set() -> Self {
        Self::with(Wishes::on(Kept::Here)).await
    }

    async fn with(wishes: Wishes) -> Self {
        let whole = Whole::new(wishes).await;
        let app = whole.serve(&[]).await;
        let manifest = whole.request_without_token("GET", "/dataverse/demo/external-tool.json");
        let manifest: Value = manifest.send().await.unwrap().json().await.unwrap();
        let registered = whole
            .http
            .post(format!("{}/api/externalTools", whole.dataverse()))
            .header("X-Dataverse-key", ADMIN_API_TOKEN)
            .json(&manifest)
            .send()
            .await
            .unwrap();
        assert_eq!(registered.status(), 200, "{}", registered.text().await.unwrap());
        Self { whole, app }
    }

    /// The address that a click on the button opens, for fiona or a guest.
    async fn click(&self, dataset: &str, person: &str) -> String {
        let control = format!(
            "{}/_sim/launch?pid=doi:10.5072/FK2/{dataset}&as={person}&answer=json",
            self.whole.dataverse()
        );
        let answer: Value = self.whole.http.get(control).send().await.unwrap().json().await.unwrap();
        answer["url"].as_str().unwrap().to_owned()
    }

    async fn hits(&self) -> Vec<Value> {
        let control = format!("{}/_sim/hits", self.whole.dataverse());
        let answer: Value = self.whole.http.get(control).send().await.unwrap().json().await.unwrap();
        answer["hits"].as_array().unwrap().clone()
    }

    async fn calls_with_token(&self) -> Vec<String> {
        let hits = self.hits().await;
        let with_token = hits.iter().filter(|hit| hit["token"] == true);
        with_token.map(|hit| hit["path"].as_str().unwrap().to_owned()).collect()
    }

    fn project(&self, name: &str) -> String {
        format!("{}/alice/{name}", self.whole.renku_git())
    }

    async fn imports_of_alice(&mut self) -> Vec<Value> {
        self.whole.log_in_a_program().await;
        let listed = self.whole.request("GET", "/api/v1/imports").send().await.unwrap();
        listed.json::<Value>().await.unwrap()["imports"].as_array().unwrap().clone()
    }

    async fn clear(self) {
        let log = self.app.log();
        assert!(!log.contains("token=") && !log.contains("callback="), "a right of somebody is in the log");
        self.app.kill().await;
        self.whole.clear().await;
    }
}

#[tokio::test]
async fn a_click_a_sign_in_and_a_confirmation_make_one_import_also_when_clicked_twice() {
    let mut stage = Stage::set().await;
    let mut browser = Tabs::at(&stage.whole);
    let page = browser.open(&stage.click("GLACIER", "fiona").await).await;
    assert_eq!(page.status, 200);
    let address = page.location.clone().unwrap();
    assert!(address.starts_with("/preflight/"), "{address}");
    for words in
        ["Glacier mass balance measurements", "doi:10.5072/FK2/GLACIER", "1.0, published on", "5 files"]
    {
        page.must_say(words);
    }
    page.must_not_say("id=\"import\"");
    let looks = stage.calls_with_token().await;
    assert!(
        looks.len() == 2 && looks[0].ends_with("/versions/:latest/toolparams/41") || looks.len() == 2,
        "{looks:?}"
    );
    assert!(looks[1].ends_with("/versions/:latest"), "{looks:?}");

    let page = browser.sign_in(&link(&page, "sign-in"), "alice").await;
    assert_eq!(
        (page.status, page.location.as_deref().unwrap().split('?').next()),
        (200, Some(address.as_str()))
    );
    page.must_say("You are signed in as");
    let project = stage.project("first-project");
    page.must_say(&format!("value=\"{project}\""));
    let (csrf, way) = (page.hidden("csrf"), page.hidden("way"));
    assert_eq!(way, "sandbox.core");
    let fields = [
        ("csrf", csrf.as_str()),
        ("way", way.as_str()),
        ("project", project.as_str()),
        ("address", ""),
        ("name", ""),
    ];
    let mut other_tab =
        Tabs { http: browser.http.clone(), base: browser.base.clone(), cookies: browser.cookies.clone() };
    let (once, twice) = tokio::join!(browser.post(&address, &fields), other_tab.post(&address, &fields));
    assert_eq!((once.status, twice.status), (303, 303), "{}\n{}", once.body, twice.body);
    let import = once.location.unwrap();
    assert!(import.starts_with("/imports/"), "{import}");
    assert_eq!(twice.location.as_deref(), Some(import.as_str()));
    let again = browser.open(&address).await;
    assert_eq!(again.location.as_deref(), Some(import.as_str()), "the page leads to what came of it");

    let mut somebody = Tabs::at(&stage.whole);
    let page = somebody.open(&address).await;
    assert_eq!(page.status, 409);
    page.must_say("launch-used");
    let imports = stage.imports_of_alice().await;
    assert_eq!(imports.len(), 1, "{imports:?}");
    let id = imports[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(import, format!("/imports/{id}"));
    stage.whole.import_is(&id, "succeeded", |import| import["phase"] == "succeeded").await;

    // The next time the project is chosen already, and says what it has.
    let page = browser.open(&stage.click("GLACIER", "fiona").await).await;
    page.must_say("has version 1.0 already");
    let row = page.body.split(&format!("value=\"{project}\"")).nth(1).unwrap();
    assert!(row.trim_start().starts_with("checked"), "the last choice is remembered");
    stage.clear().await;
}

#[tokio::test]
async fn a_browser_that_goes_away_while_it_confirms_holds_its_next_try_up_no_longer_than_the_first_takes() {
    let mut stage = Stage::with(Wishes { dataverse_pace: 0.05, ..Wishes::on(Kept::Here) }).await;
    let mut browser = Tabs::at(&stage.whole);
    let page = browser.open(&stage.click("SMALL3", "fiona").await).await;
    let address = page.location.clone().unwrap();
    let page = browser.sign_in(&link(&page, "sign-in"), "alice").await;
    let (csrf, way, project) = (page.hidden("csrf"), page.hidden("way"), stage.project("first-project"));
    let fields = [("csrf", csrf.as_str()), ("way", &way), ("project", &project)];
    let faults = format!("{}/_sim/faults", stage.whole.dataverse());
    stage.whole.tell(&faults, &json!({ "name": "slow", "times": 1 })).await;
    let hits = stage.hits().await.len();
    // The form is on its way, the first call to the repository hangs, and the browser closes its connection.
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let host = browser.base.trim_start_matches("http://").to_owned();
    let request = format!(
        "POST {address} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nAccept: text/html\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        browser.base,
        cookies.join("; "),
        body.len()
    );
    let mut connection = tokio::net::TcpStream::connect(&host).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    stage.whole.eventually("the repository is asked", async || stage.hits().await.len() > hits).await;
    drop(connection);
    let again = browser.post(&address, &fields).await;
    assert!(again.location.as_ref().is_some_and(|to| to.starts_with("/imports/")), "{}", again.body);
    assert_eq!(stage.imports_of_alice().await.len(), 1);
    stage.clear().await;
}

#[tokio::test]
async fn a_guest_is_nobody_and_legacy_parameters_are_only_hints() {
    let stage = Stage::set().await;
    let mut browser = Tabs::at(&stage.whole);
    let page = browser.open(&stage.click("SMALL3", "").await).await;
    assert_eq!(page.status, 200);
    page.must_say("doi:10.5072/FK2/SMALL3");
    assert!(stage.calls_with_token().await.is_empty(), "a guest brings no right");
    let hints = "/launch/demo?siteUrl=http://evil.example&datasetId=42&datasetPid=doi:10.5072/FK2/SMALL3&datasetVersion=1.0&locale=fr";
    let page = browser.open(hints).await;
    assert_eq!(page.status, 200);
    page.must_say("lang=\"fr\"");
    page.must_say("Importer un jeu de données dans Renku");
    stage.clear().await;
}

#[tokio::test]
async fn a_callback_to_another_host_gets_no_request() {
    let stage = Stage::set().await;
    let outside = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = outside.local_addr().unwrap().port();
    outside.set_nonblocking(true).unwrap();
    let outside = tokio::net::TcpListener::from_std(outside).unwrap();
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    #[expect(clippy::disallowed_methods, reason = "the outside host is nobody's task")]
    let host = tokio::spawn(async move {
        while outside.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let before = stage.hits().await.len();
    let site = stage.whole.dataverse().to_owned();
    let tail = "/api/v1/datasets/42/versions/:latest/toolparams/7";
    let mut browser = Tabs::at(&stage.whole);
    for forged in [
        format!("http://127.0.0.1:{port}{tail}"),
        format!("{site}@127.0.0.1:{port}{tail}"),
        format!("http://127.0.0.1.evil.example:{port}{tail}"),
        format!("http://localhost:{port}{tail}"),
    ] {
        let page = browser.open(&format!("/launch/demo?callback={}", STANDARD.encode(&forged))).await;
        assert_eq!(page.status, 400, "{forged}");
        page.must_say("it was not followed");
        page.must_say(&format!("href=\"{site}/\""));
    }
    for damaged in ["hello", "", "%00", &STANDARD.encode(format!("{site}/api/v1/users/:me"))] {
        let page = browser.open(&format!("/launch/demo?callback={damaged}")).await;
        assert_eq!(page.status, 400, "{damaged}");
        page.must_say("launch-invalid");
    }
    let nowhere = browser.open("/launch/nobody?callback=x").await;
    assert_eq!(nowhere.status, 404);
    nowhere.must_say("installation-unknown");
    host.abort();
    assert_eq!(visits.load(Ordering::SeqCst), 0, "the outside host was asked");
    assert_eq!(stage.hits().await.len(), before, "not even the real Dataverse was asked");
    stage.clear().await;
}

#[tokio::test]
async fn refusals_say_what_to_do_and_lead_back() {
    let stage = Stage::set().await;
    let site = stage.whole.dataverse().to_owned();
    let mut browser = Tabs::at(&stage.whole);

    // An expired link, and one that was altered, look alike.
    let clicked = stage.click("SMALL3", "fiona").await;
    let (target, query) = clicked.split_once("?callback=").unwrap();
    let decoded = String::from_utf8(STANDARD.decode(query.split('&').next().unwrap()).unwrap()).unwrap();
    let expired = decoded.replace("until=20", "until=19");
    let page = browser.open(&format!("{target}?callback={}", STANDARD.encode(&expired))).await;
    assert_eq!(page.status, 410);
    page.must_say("The link from the repository has expired.");
    let number = decoded.split("/datasets/").nth(1).unwrap().split('/').next().unwrap();
    page.must_say(&format!("{site}/dataset.xhtml?id={number}"));

    // Only a draft: the person who may see it is told its name, a guest is not.
    let page = browser.open(&stage.click("DRAFT1", "fiona").await).await;
    assert_eq!(page.status, 422);
    page.must_say("dataset-not-published");
    page.must_say(&format!("{site}/dataset.xhtml?persistentId=doi:10.5072/FK2/DRAFT1"));
    let page = browser.open(&stage.click("DRAFT1", "").await).await;
    assert_eq!(page.status, 422);
    page.must_say("dataset-not-published");

    // A draft beside a published version does not stand in the way.
    let page = browser.open(&stage.click("DRAFT2", "fiona").await).await;
    assert_eq!(page.status, 200);
    page.must_say("Only the published version can be imported.");

    // Dataverse is down: the launch is redeemed first, so it is a page to come back to only where it was kept.
    let clicked = stage.click("SMALL3", "fiona").await;
    stage.whole.tell(&format!("{site}/_sim/faults"), &json!({ "name": "down", "times": 1 })).await;
    let page = browser.open(&clicked).await;
    assert_eq!(page.status, 503);
    page.must_say("dataverse-unreachable");
    assert_eq!(browser.open(&clicked).await.status, 200, "the link is still good");

    let over = browser.open("/preflight/nobody-knows-this").await;
    assert_eq!(over.status, 404);
    over.must_say("launch-unknown");
    stage.clear().await;
}

#[tokio::test]
async fn what_no_renku_can_take_has_no_button_and_says_why() {
    let stage = Stage::set().await;
    let mut browser = Tabs::at(&stage.whole);
    let page = browser.open(&stage.click("SMALL3", "fiona").await).await;
    browser.sign_in(&link(&page, "sign-in"), "alice").await;
    for (dataset, words) in [("RESTRD", "dataset.xhtml"), ("NOFILE", "dataset.xhtml")] {
        // Dataverse shows no button where nothing can be downloaded; a link can be kept or written all the same.
        let page = browser.open(&format!("/launch/demo?datasetPid=doi:10.5072/FK2/{dataset}")).await;
        assert_eq!(page.status, 200);
        page.must_say("id=\"forbids\"");
        page.must_say(words);
        page.must_not_say("id=\"confirm\"");
        let fields = [
            ("csrf", page.hidden_or("csrf")),
            ("way", "sandbox.core".to_owned()),
            ("project", stage.project("first-project")),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = browser.post(page.location.as_deref().unwrap(), &fields).await;
        assert_ne!(refused.location.unwrap_or_default().split('/').nth(1), Some("imports"), "{dataset}");
    }
    let page = browser.open("/launch/demo?datasetPid=doi:10.5072/FK2/DUPNAM").await;
    page.must_say("id=\"warns\"");
    page.must_say("id=\"confirm\"");
    stage.clear().await;
}

impl Seen {
    fn hidden_or(&self, name: &str) -> String {
        if self.body.contains(&format!("name=\"{name}\" value=\"")) {
            self.hidden(name)
        } else {
            String::new()
        }
    }
}

#[tokio::test]
async fn a_mistake_keeps_what_was_typed_and_stands_beside_its_field() {
    let mut stage = Stage::set().await;
    let mut browser = Tabs::at(&stage.whole);
    let page = browser.open(&stage.click("SMALL3", "fiona").await).await;
    let address = page.location.clone().unwrap();
    let page = browser.sign_in(&link(&page, "sign-in"), "alice").await;
    let (csrf, way) = (page.hidden("csrf"), page.hidden("way"));
    let send = |more: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        let mut fields = vec![("csrf", csrf.clone()), ("way", way.clone())];
        fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        fields
    };
    let first = stage.project("first-project");
    for (typed, status, field, kept) in [
        (send(&[("name", "my-name"), ("migrate", "yes")]), 400, "project", "value=\"my-name\""),
        (
            send(&[("address", "git@git.example:alice/demo.git"), ("name", "my-name")]),
            400,
            "project",
            "value=\"git@git.example:alice/demo.git\"",
        ),
        (
            send(&[("address", "https://evil.example/a/b")]),
            400,
            "project",
            "value=\"https://evil.example/a/b\"",
        ),
        (send(&[("project", &first), ("name", "not a name!")]), 400, "name", "value=\"not a name!\""),
    ] {
        let fields: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.post(&address, &fields).await;
        assert_eq!(page.status, status, "{typed:?}");
        page.must_say("id=\"errors\"");
        page.must_say(&format!("id=\"{field}-error\""));
        page.must_say(&format!("{field}-error\""));
        page.must_say(kept);
    }
    let page = browser
        .post(
            &address,
            &[("csrf", csrf.as_str()), ("way", &way), ("project", &first), ("name", "not a name!")],
        )
        .await;
    let row = page.body.split(&format!("value=\"{first}\"")).nth(1).unwrap();
    assert!(row.trim_start().starts_with("checked"), "the chosen project stays chosen");

    // A form without our token changes nothing, and is not lost either.
    let page = browser.post(&address, &[("csrf", "wrong"), ("way", &way), ("project", &first)]).await;
    assert_eq!((page.status, page.location), (303, Some(format!("{address}?again=1"))));
    let foreign = browser.http.post(browser.absolute(&address)).header("origin", "https://evil.example");
    let foreign =
        browser.send(foreign.form(&[("csrf", csrf.as_str()), ("way", &way), ("project", &first)])).await;
    assert_eq!(foreign.location, Some(format!("{address}?again=1")));
    let mut guest = Tabs::at(&stage.whole);
    let page = guest.post(&address, &[("way", way.as_str()), ("project", &first)]).await;
    let again = format!("{address}?again=1");
    assert_eq!(page.location, Some(again), "who is not signed in is shown the way to the sign-in");
    assert!(stage.imports_of_alice().await.is_empty(), "nothing was started");

    // Whatever is wrong is said at once, each beside its field.
    let wrong = [
        ("csrf", csrf.as_str()),
        ("way", &way),
        ("address", "https://evil.example/a/b"),
        ("name", "not a name!"),
    ];
    let page = browser.post(&address, &wrong).await;
    assert_eq!(page.status, 400);
    for field in ["project-error", "name-error"] {
        page.must_say(&format!("id=\"{field}\""));
    }
    page.must_say("<a href=\"#address\">");
    page.must_say("<a href=\"#name\">");
    page.must_say(&format!("href=\"{address}?way={way}&#38;locale=fr\""));

    // Searching needs no script, keeps what was typed, and confirms nothing.
    let search = |how: &'static str, q: &'static str| {
        send(&[("name", "my-name"), ("migrate", "yes"), ("project", &first), ("q", q), ("search", how)])
    };
    for (how, q, shown, hidden) in [
        ("these", "second", "alice/second-project", "alice/first-project"),
        ("all", "second", "alice/first-project", "no such thing"),
    ] {
        let typed = search(how, q);
        let fields: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.post(&address, &fields).await;
        assert_eq!(page.status, 200, "{how}");
        page.must_say(shown);
        page.must_not_say(hidden);
        page.must_say("value=\"my-name\"");
        page.must_say("id=\"migrate\" name=\"migrate\" value=\"yes\" checked");
    }
    assert!(stage.imports_of_alice().await.is_empty(), "nothing was started");
    // Where projects cannot be listed, the address is pasted.
    let page = browser.open(&format!("{address}?q=second")).await;
    page.must_say("alice/second-project");
    page.must_not_say("alice/first-project");
    let renku = format!("{}/_sim/faults", stage.whole.renku());
    stage.whole.tell(&renku, &json!({ "name": "no_gitlab", "times": 1 })).await;
    let page = browser.open(&address).await;
    page.must_say("Your projects cannot be shown.");
    let fields = [("csrf", page.hidden("csrf")), ("way", way.clone()), ("address", first)];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post(&address, &fields).await;
    assert!(page.location.unwrap().starts_with("/imports/"));

    // Where what is missing is a sign-in at Renku itself, the way there is a button.
    let gone = json!({ "name": "gitlab_token_gone", "user": "alice" });
    stage.whole.tell(&renku, &gone).await;
    let page = browser.open(&stage.click("TABULR", "fiona").await).await;
    page.must_say("Your projects cannot be shown.");
    page.must_say(&format!("href=\"{}\" target=\"_blank\"", stage.whole.renku()));
    page.must_say("Load this page again");
    stage.clear().await;
}

#[tokio::test]
async fn what_was_chosen_last_stands_in_the_account_and_can_be_forgotten() {
    let stage = Stage::set().await;
    let mut browser = Tabs::at(&stage.whole);
    let page = browser.open(&stage.click("SMALL3", "fiona").await).await;
    let address = page.location.clone().unwrap();
    let page = browser.sign_in(&link(&page, "sign-in"), "alice").await;
    let (csrf, way, project) = (page.hidden("csrf"), page.hidden("way"), stage.project("second-project"));
    let account = browser.open("/account").await;
    account.must_not_say("action=\"/account/forget\"");
    let fields = [("csrf", csrf.as_str()), ("way", &way), ("project", &project)];
    assert_eq!(browser.post(&address, &fields).await.status, 303);
    let account = browser.open("/account").await;
    account.must_say("alice/second-project");
    let fields = [("csrf", csrf.as_str()), ("renku", "sandbox"), ("installation", "demo")];
    // Somebody else's is not theirs to forget.
    let mut other = Tabs::at(&stage.whole);
    let page = other.open(&stage.click("SMALL3", "fiona").await).await;
    let page = other.sign_in(&link(&page, "sign-in"), "bob").await;
    let of_bob = [("csrf", &*page.hidden("csrf")), ("renku", "sandbox"), ("installation", "demo")];
    assert_eq!(other.post("/account/forget", &of_bob).await.status, 303);
    browser.open("/account").await.must_say("alice/second-project");

    let forgotten = browser.post("/account/forget", &fields).await;
    assert_eq!((forgotten.status, forgotten.location.as_deref()), (303, Some("/account")));
    browser.open("/account").await.must_not_say("alice/second-project");
    let page = browser.open(&stage.click("GLACIER", "fiona").await).await;
    page.must_not_say("\" checked>");
    stage.clear().await;
}

#[test]
fn the_docs_say_what_each_thing_that_is_asked_for_is_used_for() {
    use dataverse_renku::domain::manifest::external_tool;
    let docs = include_str!("../../docs/DATAVERSE.md");
    let manifest = external_tool("https://connector.example", &"demo".parse().unwrap());
    let calls = manifest["allowedApiCalls"].as_array().unwrap().iter();
    let calls = calls.flat_map(|call| [&call["name"], &call["urlTemplate"]]);
    let words = manifest["toolParameters"]["queryParameters"].as_array().unwrap().iter();
    let words = words.flat_map(|pair| pair.as_object().unwrap().values());
    for asked in calls.chain(words).map(|value| value.as_str().unwrap()) {
        assert!(docs.contains(asked), "{asked} is not explained");
    }
}

/// Something that takes connections and never answers; how many came.
fn silence() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let came = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&came);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for connection in listener.incoming() {
            held.push(connection);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, came)
}

#[tokio::test]
async fn of_several_renkus_one_is_chosen_and_one_that_is_silent_slows_no_other() {
    let ((unheard, came), (named, _)) = (silence(), silence());
    let renku = |name: &str, title: &str, api: &str, address: &str| {
        format!(
            "[renku.{name}]\nurl = \"http://{address}\"\ntitle = \"{title}\"\napi = \"{api}\"\n[renku.{name}.oidc]\n\
             issuer = \"http://{address}/auth/realms/Renku\"\nclient_id = \"connector\"\nclient_secret = \"a-secret\"\n"
        )
    };
    let more =
        renku("unheard", "Unheard Renku", "auto", &unheard) + &renku("named", "Named Renku", "data", &named);
    let wishes = Wishes { more: more.leak(), operator: "sandbox:nobody", ..Wishes::on(Kept::Here) };
    let mut stage = Stage::with(wishes).await;
    let mut browser = Tabs::at(&stage.whole);

    // What was never heard of is not offered; what the configuration names is, and the one that answers comes first.
    let page = browser.open(&stage.click("GLACIER", "fiona").await).await;
    page.must_say("Named Renku");
    page.must_not_say("Unheard Renku");
    let page = browser.open(&format!("{}?way=sandbox.core", page.location.unwrap())).await;
    let page = browser.sign_in(&link(&page, "sign-in"), "alice").await;
    page.must_say("You are signed in as");
    let asked = came.load(Ordering::SeqCst);
    let address = page.location.clone().unwrap();
    for _ in 0..5 {
        let page = browser.open(&address).await;
        page.must_say("id=\"import\"");
    }
    assert_eq!(
        came.load(Ordering::SeqCst),
        asked,
        "a page that is loaded again waits for nobody who is silent"
    );

    // Its page is there, too, and takes nothing from the other.
    let there = browser.open(&format!("{}?way=named.data", address.split('?').next().unwrap())).await;
    assert_eq!(there.status, 200);
    there.must_say("Named Renku");
    there.must_not_say("id=\"import\"");
    let (csrf, way, project) = (page.hidden("csrf"), page.hidden("way"), stage.project("first-project"));
    let fields = [("csrf", csrf.as_str()), ("way", way.as_str()), ("project", project.as_str())];
    let begun = browser.post(address.split('?').next().unwrap(), &fields).await;
    assert_eq!(begun.status, 303, "{}", begun.body);
    let id = stage.imports_of_alice().await[0]["id"].as_str().unwrap().to_owned();
    stage.whole.import_is(&id, "succeeded", |import| import["phase"] == "succeeded").await;

    // The next click comes to the Renku that was chosen.
    let page = browser.open(&stage.click("SMALL3", "fiona").await).await;
    assert_eq!(page.hidden("way"), "sandbox.core");
    stage.clear().await;
}
