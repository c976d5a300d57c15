//! Signing in with a code, and what only holds over TLS. Signing in by the code flow is in `pages` and `pages_safety`.

use reqwest::StatusCode;
use reqwest::header::SET_COOKIE;

use crate::pages::{Shown, Tab};
use crate::whole::{App, Kept, Whole, Wishes};

/// Renku's gateway takes only its own clients here.
async fn by_device(whole: &Whole) -> App {
    let oidc = "DATAVERSE_RENKU__RENKU__SANDBOX__OIDC";
    let (flow, client, secret) =
        (format!("{oidc}__FLOW"), format!("{oidc}__CLIENT_ID"), format!("{oidc}__CLIENT_SECRET"));
    whole.serve_with(&[(&flow, "device"), (&client, "renku-cli"), (&secret, "")]).await
}

/// The page with the code, and its address.
async fn asked_for_code(tab: &Tab<'_>, next: &str) -> (Shown, String) {
    let led = tab.get(&format!("/sign-in?renku=sandbox&next={next}")).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER, "{}", led.text);
    let address = led.location().to_owned();
    assert!(address.starts_with("/sign-in/device?handle="), "{address}");
    (tab.get(&address).await, address)
}

fn code(page: &Shown) -> String {
    let code = page.text.split("id=\"code\">").nth(1).and_then(|rest| rest.split('<').next());
    code.unwrap_or_else(|| panic!("no code: {}", page.text)).to_owned()
}

#[tokio::test]
async fn the_page_of_a_device_shows_its_code_and_goes_on_by_itself_once_it_is_confirmed() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = by_device(&whole).await;
    let tab = Tab::new(&whole);
    let (page, address) = asked_for_code(&tab, "/imports").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page.says("Confirm your sign-in");
    page.says("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>");
    page.says("<svg");
    page.says("role=\"status\">Waiting for you to confirm.");
    let code = code(&page);
    page.says(&format!("user_code={code}"));
    assert!(!page.text.contains("device_code"), "what only we may know is on no page");

    // It is bound to the browser that asked: its address alone signs nobody in, and lets nobody look.
    let stranger = Tab::new(&whole);
    let refused = stranger.get(&address).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("This sign-in is over");
    // Only Keycloak's own address may stand on it, whatever a link says.
    let forged = address.split("&to=").next().unwrap();
    for elsewhere in ["https://evil.example/device", "javascript:alert(1)", "//evil.example"] {
        let page = tab.get(&format!("{forged}&to={elsewhere}")).await;
        page.says("Confirm your sign-in");
        assert!(!page.text.contains(&format!("\"{elsewhere}")), "{elsewhere}");
        assert!(!page.text.contains("<svg") && !page.text.contains("target=\"_blank\""), "{elsewhere}");
    }

    whole.answer_device("approve", &code, "alice").await;
    let welcome = tab.get(&address).await;
    assert_eq!((welcome.status, welcome.location()), (StatusCode::SEE_OTHER, "/imports"), "{}", welcome.text);
    assert_eq!(tab.get(&address).await.status, StatusCode::BAD_REQUEST, "it serves once");
    tab.get("/").await.says("You are signed in as Alice");
    assert_eq!(stranger.get("/account").await.status, StatusCode::SEE_OTHER, "nobody else is");
    whole.clear().await;
}

#[tokio::test]
async fn a_device_that_is_refused_says_so_and_leads_nowhere_else() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let _app = by_device(&whole).await;
    let tab = Tab::new(&whole);
    let (page, address) = asked_for_code(&tab, "//evil.example/").await;
    whole.answer_device("deny", &code(&page), "alice").await;
    let at = tab.get(&address).await;
    assert_eq!(at.status, StatusCode::FORBIDDEN, "{}", at.text);
    at.says("sign-in-refused");

    let (page, address) = asked_for_code(&tab, "//evil.example/").await;
    whole.answer_device("approve", &code(&page), "bob").await;
    let at = tab.get(&address).await;
    assert_eq!(at.location(), "/", "`next` leads only to ourselves");
    whole.clear().await;
}

#[tokio::test]
async fn over_tls_cookies_are_bound_to_this_host_and_browsers_are_told_to_stay_with_tls() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    let plain = whole.serve(&[]).await;
    let tab = Tab::new(&whole);
    assert_eq!(
        tab.get("/").await.header("strict-transport-security"),
        "",
        "without TLS it would lock people out"
    );
    plain.kill().await;

    let _app = whole.serve_with(&[("DATAVERSE_RENKU__PUBLIC_URL", "https://connector.example.org")]).await;
    for page in ["/", "/nowhere", "/api/v1/problems", "/static/style.css"] {
        assert_eq!(tab.get(page).await.header("strict-transport-security"), "max-age=31536000", "{page}");
    }
    let cookie = |shown: &Shown, name: &str| {
        let cookies =
            shown.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned());
        let found = cookies.into_iter().find(|cookie| cookie.starts_with(&format!("__Host-{name}=")));
        found.unwrap_or_else(|| panic!("no cookie {name}: {:?}", shown.headers))
    };
    let tab = Tab::new(&whole);
    whole.register_at_keycloak("https://connector.example.org/sign-in/callback").await;
    let led = tab.get("/sign-in?renku=sandbox&next=/imports&locale=fr").await;
    let at_keycloak = format!("{}&login_hint=alice&sandbox_auto=1", led.location());
    let back = whole.elsewhere(&at_keycloak).await;
    let path = back.strip_prefix("https://connector.example.org").unwrap_or_else(|| panic!("led to {back}"));
    let welcome = tab.get(path).await;
    assert_eq!(welcome.location(), "/imports", "{}", welcome.text);
    for (shown, name) in [
        (&led, "dataverse-renku-sign-in"),
        (&led, "dataverse-renku-language"),
        (&welcome, "dataverse-renku-session"),
    ] {
        let set = cookie(shown, name);
        for part in ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
            assert!(set.contains(part), "{set}");
        }
        assert!(!set.contains("Domain"), "{set}");
    }
    // A cookie that was set without TLS, or for the whole domain, is none of ours.
    let session = tab.cookies.borrow()["__Host-dataverse-renku-session"].clone();
    let planted = Tab::new(&whole);
    planted.cookies.borrow_mut().insert("dataverse-renku-session".to_owned(), session);
    assert_eq!(planted.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(tab.get("/account").await.status, StatusCode::OK);
    whole.clear().await;
}
