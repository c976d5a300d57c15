//! Pages over HTTP as a browser without script sees them: what stands on them, where their forms lead, in which language.
//!
//! Who is kept out is in `pages_safety`; how they look and sound is in `tests/browser`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};

use crate::whole::{Kept, Whole, Wishes};

/// A browser's tab: it keeps cookies and wants HTML.
pub(crate) struct Tab<'a> {
    whole: &'a Whole,
    pub(crate) cookies: RefCell<BTreeMap<String, String>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Shown {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    pub(crate) fn says(&self, words: &str) {
        assert!(self.text.contains(words), "not there: {words}\n{}", self.text);
    }

    /// The value of the first input of this name.
    pub(crate) fn input(&self, name: &str) -> String {
        let tag = self.text.split("<input").find(|tag| tag.contains(&format!("name=\"{name}\"")));
        let value = tag.and_then(|tag| tag.split("value=\"").nth(1)).and_then(|rest| rest.split('"').next());
        value.unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_owned()
    }
}

impl<'a> Tab<'a> {
    pub(crate) fn new(whole: &'a Whole) -> Self {
        Self { whole, cookies: RefCell::default() }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.whole.request_without_token(method, path).header(ACCEPT, "text/html,*/*;q=0.8");
        let cookies = self.cookies.borrow();
        let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Shown {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        Shown { status, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Shown {
        self.send(self.request("GET", path)).await
    }

    /// Sends a form as the browser does, with the token of this page.
    pub(crate) async fn press(&self, path: &str, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let csrf = page.input("csrf");
        let mut form: Vec<_> = fields.to_vec();
        form.push(("csrf", &csrf));
        let origin = self.whole.public_url();
        let request =
            self.request("POST", path).header("origin", origin).header("sec-fetch-site", "same-origin");
        self.send(request.form(&form)).await
    }

    /// Follows to Keycloak from where it was led, signs in there, and comes back.
    pub(crate) async fn sign_in_from(&self, led: &Shown, person: &str) -> Shown {
        let at_keycloak = format!("{}&login_hint={person}&sandbox_auto=1", led.location());
        let back = self.whole.elsewhere(&at_keycloak).await;
        let path = back.strip_prefix(&self.whole.public_url()).unwrap_or_else(|| panic!("led to {back}"));
        self.get(path).await
    }

    pub(crate) async fn sign_in(&self, person: &str) {
        let led = self.get("/sign-in?renku=sandbox&next=/imports").await;
        let back = self.sign_in_from(&led, person).await;
        assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "/imports"), "{}", back.text);
    }
}

/// Something that goes on for a while unless the test ends it.
const LONG: u64 = 60_000;

#[tokio::test]
async fn a_guest_sees_what_this_is_and_is_led_through_the_sign_in_to_where_they_wanted() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    let tab = Tab::new(&whole);
    let home = tab.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    home.says("Import datasets into Renku");
    home.says("href=\"/sign-in?renku=sandbox&#38;next=%2F\"");
    assert!(!home.text.contains("href=\"/account\""), "a guest has no account");

    let led = tab.get("/imports?show=arrived&q=ice").await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    assert_eq!(led.location(), "/sign-in?next=%2Fimports%3Fshow%3Darrived%26q%3Dice");
    let led = tab.get(led.location()).await;
    let back = tab.sign_in_from(&led, "alice").await;
    assert_eq!(back.location(), "/imports?show=arrived&q=ice");
    let list = tab.get("/imports").await;
    list.says("You have not imported anything yet");
    list.says("aria-current=\"page\">My imports");
    tab.get("/").await.says("You are signed in as Alice");
    whole.clear().await;
}

#[tokio::test]
async fn an_imports_page_tells_its_stages_its_end_and_what_to_do_next() {
    let mut whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let tab = Tab::new(&whole);
    tab.sign_in("alice").await;
    let id = whole.import("GLACIER", "first-project").await;
    let path = format!("/imports/{id}");
    let page = tab.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("<noscript><meta http-equiv=\"refresh\" content=\"15\"></noscript>");
    page.says(&format!("data-events=\"/imports/{id}/events?after="));
    page.says("You can close this page.");
    page.says("persistentId=doi:10.5072/FK2/GLACIER");
    assert!(!page.text.contains('%'), "nobody knows how many per cent it is");

    whole.import_is(&id, "complete", |import| import["outcome"] == "complete").await;
    let page = tab.get(&path).await;
    page.says("<h2 id=\"now\">Complete</h2>");
    page.says("5 of 5 files of the repository were found, by comparing");
    page.says("Open in Renku");
    page.says("git pull");
    page.says(&format!("<code class=\"copyable\">{id}</code>"));
    for words in ["data-events", "http-equiv=\"refresh\"", "Not begun yet", "/cancel\""] {
        assert!(!page.text.contains(words), "it is over: {words}");
    }
    assert_eq!(page.text.matches("class=\"done\"").count(), 4);

    let events = tab.get(&format!("{path}/events")).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(events.text.contains("event: end"), "{}", events.text);

    let german = tab.get(&format!("{path}?locale=de")).await;
    german.says("<html lang=\"de\">");
    german.says("<h2 id=\"now\">Vollständig</h2>");
    tab.get(&path).await.says("Vollständig");
    tab.get(&format!("{path}?locale=fr")).await.says("5 fichiers, ");
    whole.clear().await;
}

#[tokio::test]
async fn an_import_is_cancelled_and_asked_for_otherwise_from_its_page_and_found_in_the_list() {
    let mut whole = Whole::new(Wishes { job_ms: LONG, ..Wishes::on(Kept::Here) }).await;
    let _app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let tab = Tab::new(&whole);
    tab.sign_in("alice").await;
    let id = whole.import("GLACIER", "first-project").await;
    whole.import_is(&id, "at work", |import| import["phase"] == "running").await;
    let path = format!("/imports/{id}");
    let page = tab.get(&path).await;
    let pressed = tab.press(&format!("{path}/cancel"), &page, &[]).await;
    assert_eq!((pressed.status, pressed.location()), (StatusCode::SEE_OTHER, path.as_str()));
    let page = tab.get(&path).await;
    page.says("Renku had begun already and cannot be stopped");
    // Pressed twice, in another tab: its page shows where it stands.
    assert_eq!(tab.press(&format!("{path}/cancel"), &page, &[]).await.location(), path);

    let form = tab.get(&format!("{path}/again")).await;
    let (project, once) = (form.input("project"), form.input("once"));
    let wish = |name| vec![("project", project.as_str()), ("once", once.as_str()), ("name", name)];
    let refused = tab.press(&format!("{path}/again"), &form, &wish("no/such name")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("Renku does not accept this name for a dataset.");
    refused.says("value=\"no/such name\" aria-describedby=\"name-hint name-error\" aria-invalid=\"true\"");
    let both = [("project", "git@x:y"), ("once", once.as_str()), ("name", "no/such name")];
    let both = tab.press(&format!("{path}/again"), &form, &both).await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    both.says("<a href=\"#project\">");
    both.says("<a href=\"#name\">");
    both.says("value=\"git@x:y\"");
    both.says(&format!("href=\"{path}/again?locale=de\""));
    let made = tab.press(&format!("{path}/again"), &refused, &wish("ice")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let again = tab.press(&format!("{path}/again"), &refused, &wish("ice")).await;
    assert_eq!(again.location(), made.location(), "two clicks are one import");
    assert_ne!(made.location(), path);

    let list = tab.get("/imports").await;
    assert_eq!(list.text.matches("<li class=\"card\">").count(), 2);
    let shown = async |query: &str| {
        let list = tab.get(&format!("/imports?{query}")).await;
        assert_eq!(list.status, StatusCode::OK, "{query}");
        list.text.matches("<li class=\"card\">").count()
    };
    assert_eq!(shown("show=under-way").await, 1);
    assert_eq!(shown("show=not-arrived").await, 1);
    assert_eq!(shown("show=arrived").await, 0);
    assert_eq!(shown("q=fk2%2Fglacier").await, 2);
    assert_eq!(shown("q=volcano").await, 0);
    assert_eq!(shown(&format!("before={id}")).await, 0);
    assert_eq!(tab.get("/imports?show=nonsense").await.status, StatusCode::BAD_REQUEST);
    let new = made.location().trim_start_matches("/imports/").to_owned();
    let pressed = tab.press(&format!("/imports/{new}/cancel"), &list, &[("from", "list")]).await;
    assert_eq!(pressed.location(), "/imports");
    assert_eq!(shown("show=not-arrived").await, 2);
    whole.clear().await;
}

#[tokio::test]
async fn what_failed_and_is_mine_to_mend_waits_for_me_until_i_ask_again() {
    let mut whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let tab = Tab::new(&whole);
    tab.sign_in("alice").await;
    let outdated = serde_json::json!({ "path": "alice/outdated", "template": "outdated" });
    whole.tell_renku("projects", &outdated).await;
    let id = whole.import("SMALL3", "outdated").await;
    whole.import_is(&id, "failed", |import| import["problem"]["code"] == "project-needs-migration").await;
    tab.get("/imports?show=needs-you").await.says(&format!("href=\"/imports/{id}\""));
    tab.get("/imports?show=not-arrived").await.says(&format!("href=\"/imports/{id}\""));
    let page = tab.get(&format!("/imports/{id}")).await;
    let again = tab.press(&format!("/imports/{id}/retry"), &page, &[]).await;
    assert_ne!(again.location(), format!("/imports/{id}"), "{}", again.text);
    let list = tab.get("/imports?show=needs-you").await;
    assert!(!list.text.contains(&format!("href=\"/imports/{id}\"")), "it was asked for again");
    whole.clear().await;
}

#[tokio::test]
async fn the_account_says_what_is_kept_and_disconnecting_erases_it() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    let tab = Tab::new(&whole);
    tab.sign_in("alice").await;
    let account = tab.get("/account").await;
    for words in
        ["Alice", "Sign-in works", "0 imports", "Not kept: your password", "You stay signed in here until"]
    {
        account.says(words);
    }
    let confirm = tab.get("/disconnect").await;
    confirm.says("Disconnect from Renku?");
    let done = tab.press("/disconnect", &confirm, &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/disconnected"));
    tab.get("/disconnected").await.says("You are disconnected");
    assert_eq!(tab.get("/account").await.location(), "/sign-in?next=%2Faccount");

    tab.sign_in("alice").await;
    let out = tab.press("/sign-out", &tab.get("/account").await, &[]).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(tab.get("/account").await.status, StatusCode::SEE_OTHER);
    whole.clear().await;
}
