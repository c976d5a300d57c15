//! A browser as far as signing in needs one: it follows to Keycloak's page, fills in its form, and stops at our address.
//! It works on the simulated Keycloak and on a real one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

/// A browser with a cookie jar of its own.
pub(crate) struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    #[expect(clippy::disallowed_methods, reason = "the test plays a browser, which is none of our clients")]
    pub(crate) fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    /// Opens the authorization address, signs in, and says with which parameters the browser is sent to `callback`.
    pub(crate) async fn sign_in(
        &mut self,
        url: &str,
        callback: &str,
        username: &str,
        password: &str,
    ) -> HashMap<String, String> {
        let mut answer = self.send(self.http.get(url)).await;
        for _ in 0..5 {
            let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
            let base = answer.url().clone();
            if let Some(location) = location {
                let target = base.join(&location).unwrap();
                if target.as_str().starts_with(callback) {
                    return target.query_pairs().into_owned().collect();
                }
                answer = self.send(self.http.get(target)).await;
                continue;
            }
            let page = answer.text().await.unwrap();
            let (action, mut fields) = form(&page, &base);
            fields.insert("username".to_owned(), username.to_owned());
            fields.insert("password".to_owned(), password.to_owned());
            answer = self.send(self.http.post(action).form(&fields)).await;
        }
        panic!("the browser was not sent back to {callback}");
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// Where the page's form goes, and its hidden fields.
fn form(page: &str, base: &Url) -> (Url, BTreeMap<String, String>) {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&amp;", "&"))
    };
    let whole = page.split("<form").nth(1).unwrap_or_else(|| panic!("no form in {page}"));
    let action = attribute(whole.split('>').next().unwrap(), "action").unwrap();
    let hidden = whole
        .split("<input")
        .skip(1)
        .filter(|tag| tag.split('>').next().unwrap().contains("type=\"hidden\""))
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect();
    (base.join(&action).unwrap(), hidden)
}
