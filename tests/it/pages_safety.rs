//! Who is kept out of pages and forms, and how: other people, other sites, other browsers, and whoever asks too often.

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, SET_COOKIE};

use crate::pages::Tab;
use crate::whole::{Kept, Whole, Wishes};

#[tokio::test]
async fn every_answer_carries_what_keeps_browsers_safe_and_only_our_files_may_be_kept() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    let tab = Tab::new(&whole);
    let home = tab.get("/").await;
    let policy = home.header("content-security-policy").to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for page in ["/", "/nowhere", "/sign-in/callback", "/imports", "/api/v1/problems"] {
        let shown = tab.get(page).await;
        assert_eq!(shown.header("content-security-policy"), policy, "{page}");
        assert_eq!(shown.header("x-content-type-options"), "nosniff", "{page}");
        assert_eq!(shown.header("referrer-policy"), "same-origin", "{page}");
        assert_eq!(shown.header("cache-control"), "no-store", "{page}");
        assert!(!shown.text.contains("<style") && !shown.text.contains("style=\""), "{page}");
        assert!(!shown.text.contains("<script>") && !shown.text.contains("onclick"), "{page}");
    }
    let css = home.text.split('"').find(|part| part.starts_with("/static/style.css?v=")).unwrap().to_owned();
    let kept = tab.get(&css).await;
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(kept.header("content-type"), "text/css");
    let known = tab.request("GET", "/static/style.css").header("if-none-match", kept.header("etag"));
    assert_eq!(tab.send(known).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(tab.get("/static/style.css").await.header("cache-control"), "no-cache");
    assert_eq!(tab.get("/static/..%2FCargo.toml").await.status, StatusCode::NOT_FOUND);
    whole.clear().await;
}

#[tokio::test]
async fn nobody_sees_or_moves_the_import_of_another() {
    let mut whole = Whole::new(Wishes { job_ms: 60_000, ..Wishes::on(Kept::Here) }).await;
    let _app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let (alice, bob) = (Tab::new(&whole), Tab::new(&whole));
    alice.sign_in("alice").await;
    bob.sign_in("bob").await;
    let path = format!("/imports/{}", whole.import("GLACIER", "first-project").await);
    assert_eq!(alice.get(&path).await.status, StatusCode::OK);
    let nothing = bob.get("/imports/01890000-0000-7000-8000-000000000000").await;
    for page in [path.clone(), format!("{path}/events"), format!("{path}/again")] {
        let shown = bob.get(&page).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{page}");
        shown.says("There is no such import among yours.");
    }
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    let page = bob.get("/account").await;
    for deed in ["cancel", "retry", "again"] {
        let fields = [("project", "https://git.example.org/a/b"), ("once", "1")];
        let pressed = bob.press(&format!("{path}/{deed}"), &page, &fields).await;
        assert_eq!(pressed.status, StatusCode::NOT_FOUND, "{deed}");
    }
    let id = path.trim_start_matches("/imports/");
    assert_eq!(whole.look(id).await.unwrap()["ended"], false);
    assert!(!bob.get("/imports").await.text.contains(id));
    whole.clear().await;
}

#[tokio::test]
async fn a_form_is_taken_from_our_own_pages_with_the_sessions_token_alone() {
    let mut whole = Whole::new(Wishes { job_ms: 60_000, ..Wishes::on(Kept::Here) }).await;
    let _app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let tab = Tab::new(&whole);
    tab.sign_in("alice").await;
    let id = whole.import("GLACIER", "first-project").await;
    let path = format!("/imports/{id}/cancel");
    let csrf = tab.get(&format!("/imports/{id}")).await.input("csrf");
    let ours = whole.public_url();
    let other = Tab::new(&whole);
    other.sign_in("bob").await;
    let others = other.get("/account").await.input("csrf");
    for (token, origin, site) in [
        ("", ours.as_str(), "same-origin"),
        ("nonsense", ours.as_str(), "same-origin"),
        (others.as_str(), ours.as_str(), "same-origin"),
        (csrf.as_str(), "https://evil.example", "cross-site"),
        (csrf.as_str(), "null", "same-origin"),
        (csrf.as_str(), ours.as_str(), "same-site"),
        (csrf.as_str(), ours.as_str(), "none"),
    ] {
        let request = tab.request("POST", &path).header("origin", origin).header("sec-fetch-site", site);
        let refused = tab.send(request.form(&[("csrf", token)])).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{token} {origin} {site}");
        refused.says("This form was not sent from a page of your present session.");
    }
    let large = "x".repeat(70_000);
    let refused =
        tab.send(tab.request("POST", &path).form(&[("csrf", csrf.as_str()), ("from", &large)])).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let guest = Tab::new(&whole);
    let refused = guest.send(guest.request("POST", &path).form(&[("csrf", csrf.as_str())])).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says("Sign in");
    assert_eq!(whole.look(&id).await.unwrap()["ended"], false, "nothing was done");
    // An old browser says nothing of where a form comes from, and is held to the token.
    let taken = tab.send(tab.request("POST", &path).form(&[("csrf", csrf.as_str())])).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    whole.clear().await;
}

/// The addresses of all forms, as the sources have them.
fn forms() -> Vec<String> {
    let routes = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/routes");
    let mut forms = Vec::new();
    for file in std::fs::read_dir(routes).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let found =
            source.lines().filter_map(|line| line.trim().strip_prefix("#[post(\"")?.split('"').next());
        forms.extend(found.map(str::to_owned));
    }
    // These carry a secret in their address instead: a repository's workflow, and the link of a mail.
    forms.retain(|path| !path.starts_with("/dataverse/") && !path.ends_with("/unsubscribe"));
    forms.sort();
    assert!(forms.len() >= 8, "{forms:?}");
    forms
}

#[tokio::test]
async fn every_form_there_is_needs_the_token_of_this_session_and_our_own_page() {
    let mut whole = Whole::new(Wishes { job_ms: 60_000, ..Wishes::on(Kept::Here) }).await;
    let _app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let (tab, other, guest) = (Tab::new(&whole), Tab::new(&whole), Tab::new(&whole));
    tab.sign_in("alice").await;
    other.sign_in("bob").await;
    let id = whole.import("GLACIER", "first-project").await;
    let mine = tab.get("/account").await.input("csrf");
    let others = other.get("/account").await.input("csrf");
    let ours = whole.public_url();
    for form in forms() {
        let path = form.replace("{id}", &id).replace("{what}", "end").replace("{handle}", "unknown");
        let send = async |tab: &Tab<'_>, token: &str, origin: &str| {
            let fields = [("csrf", token), ("renku", "sandbox"), ("installation", "demo"), ("once", "1")];
            let request = tab.request("POST", &path).header("origin", origin);
            tab.send(request.form(&fields)).await
        };
        for (token, origin) in
            [("", &*ours), ("guess", &ours), (&others, &ours), (&mine, "https://evil.example")]
        {
            let refused = send(&tab, token, origin).await;
            if form.starts_with("/preflight/") {
                // What was chosen there is shown again, to be confirmed with the present token.
                assert_eq!(refused.location(), format!("{path}?again=1"), "{token} {origin}");
                continue;
            }
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{form}: {token} {origin}");
            refused.says("form-not-ours");
        }
        let unknown = send(&guest, &mine, &ours).await;
        let led = unknown.status == StatusCode::SEE_OTHER
            && ["/", "/preflight/unknown?again=1"].contains(&unknown.location());
        assert!(led || unknown.status == StatusCode::CONFLICT, "{form}: {}", unknown.status);
    }
    assert_eq!(tab.get("/account").await.status, StatusCode::OK, "nobody was signed out or disconnected");
    assert_eq!(whole.look(&id).await.unwrap()["ended"], false, "nothing was called off");
    whole.clear().await;
}

#[tokio::test]
async fn a_sign_in_ends_in_the_browser_where_it_began_with_a_new_secret_and_on_a_page_of_ours() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    let (mine, theirs) = (Tab::new(&whole), Tab::new(&whole));
    // A stranger's half-finished sign-in, opened in somebody else's browser, signs nobody in.
    let led = theirs.get("/sign-in?next=/").await;
    let at_keycloak = format!("{}&login_hint=bob&sandbox_auto=1", led.location());
    let back = whole.elsewhere(&at_keycloak).await.replace(&whole.public_url(), "");
    let refused = mine.get(&back).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("This sign-in is over");
    assert!(refused.headers.get(SET_COOKIE).is_none());
    assert!(!refused.text.contains("code="), "the way back is told to nobody");

    // A secret that was there before the sign-in is worth nothing after it.
    let planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let name = "dataverse-renku-session";
    mine.cookies.borrow_mut().insert(name.to_owned(), planted.to_owned());
    mine.sign_in("alice").await;
    let first = mine.cookies.borrow()[name].clone();
    assert_ne!(first, planted);
    mine.sign_in("alice").await;
    assert_ne!(mine.cookies.borrow()[name], first);
    let old = Tab::new(&whole);
    for secret in [planted, first.as_str()] {
        old.cookies.borrow_mut().insert(name.to_owned(), secret.to_owned());
        assert_eq!(old.get("/account").await.status, StatusCode::SEE_OTHER, "{secret}");
    }
    for odd in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/%0d%0aset-cookie:%20a=b",
        "javascript:alert(1)",
        "%2F%2Fevil.example",
    ] {
        let led = mine.get(&format!("/sign-in?next={odd}")).await;
        let back = mine.sign_in_from(&led, "alice").await;
        assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "/"), "{odd}");
    }
    whole.clear().await;
}

#[tokio::test]
async fn people_are_refused_with_pages_and_programs_with_problems() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    let tab = Tab::new(&whole);
    let page = tab.get("/nowhere?locale=fr").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    page.says("<html lang=\"fr\">");
    page.says("no-such-page");
    let program = whole.request_without_token("GET", "/nowhere").header(ACCEPT, "application/json");
    let told = Tab::new(&whole).send(program).await;
    assert_eq!(told.header("content-type"), "application/problem+json");
    let api = tab.get("/api/v1/nowhere").await;
    assert_eq!(api.header("content-type"), "application/problem+json");

    // What is there, and is asked for otherwise than it can be: a page, too, with the way back.
    for (method, path, allowed) in [
        ("POST", "/imports", "GET, HEAD, OPTIONS"),
        ("DELETE", "/account", "GET, HEAD, OPTIONS"),
        ("GET", "/sign-out", "POST, OPTIONS"),
    ] {
        let page = tab.send(tab.request(method, &format!("{path}?locale=de"))).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("allow"), allowed, "{method} {path}");
        page.says("<html lang=\"de\">");
        page.says("method-not-allowed");
        page.says("href=\"/\"");
    }
    whole.clear().await;
}

#[tokio::test]
async fn whoever_asks_too_often_waits_and_sees_a_page_that_says_so() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = whole.serve(&[]).await;
    let tab = Tab::new(&whole);
    let mut last = tab.get("/launch/nowhere").await;
    let mut asked = 1;
    while last.status != StatusCode::TOO_MANY_REQUESTS && asked < 1_000 {
        last = tab.get("/launch/nowhere").await;
        asked += 1;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "after {asked}");
    assert!(asked > 100, "people behind one address share it: {asked}");
    last.says("There were too many requests in a short time.");
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    // Nobody is believed who says to be somebody else, and what costs nothing is still answered.
    let mut refused = 0;
    for n in 1..=20 {
        let disguise = format!("198.51.100.{n}");
        let request = tab.request("GET", "/launch/nowhere").header("x-forwarded-for", disguise);
        refused += u32::from(tab.send(request).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    // Meanwhile one or another place may have become free again.
    assert!(refused > 0, "each of twenty disguises was believed");
    assert_eq!(tab.get("/").await.status, StatusCode::OK);
    // Signing in and forms have counters of their own.
    for (method, path) in [("GET", "/sign-in/callback"), ("POST", "/disconnect")] {
        let mut last = tab.send(tab.request(method, path)).await;
        assert_ne!(last.status, StatusCode::TOO_MANY_REQUESTS, "{path}: others' requests do not count");
        for _ in 0..1_000 {
            if last.status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            last = tab.send(tab.request(method, path)).await;
        }
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    whole.clear().await;
}
