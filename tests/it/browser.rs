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

    /// Opens the address that a device shows, signs in, lets the device in or refuses, and says what the last page says.
    pub(crate) async fn at_device(
        &mut self,
        url: &str,
        username: &str,
        password: &str,
        agreed: bool,
    ) -> String {
        let mut answer = self.send(self.http.get(url)).await;
        for _ in 0..8 {
            let base = answer.url().clone();
            let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
            if let Some(location) = location {
                answer = self.send(self.http.get(base.join(&location).unwrap())).await;
                continue;
            }
            let page = answer.text().await.unwrap();
            if !page.contains("<form") {
                return page;
            }
            let (action, mut fields) = form(&page, &base);
            // The real one asks who it is first, and then whether the device may in; the simulated one both at once.
            if page.contains("name=\"accept\"") {
                let (button, label) = if agreed { ("accept", "Yes") } else { ("cancel", "No") };
                fields.insert(button.to_owned(), label.to_owned());
            } else {
                fields.insert("username".to_owned(), username.to_owned());
                fields.insert("password".to_owned(), password.to_owned());
                if !agreed && page.contains("name=\"deny\"") {
                    fields.insert("deny".to_owned(), "1".to_owned());
                }
            }
            answer = self.send(self.http.post(action).form(&fields)).await;
        }
        panic!("the device's pages have no end");
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

/// Where the page's form goes, and its fields that have a value already: the hidden ones, and a device's code.
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
        .filter(|tag| {
            let tag = tag.split('>').next().unwrap();
            tag.contains("type=\"hidden\"") || tag.contains("name=\"user_code\"")
        })
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect();
    (base.join(&action).unwrap(), hidden)
}
