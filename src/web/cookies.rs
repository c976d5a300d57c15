//! Our cookies: the browser's short-lived mark of a sign-in under way, its session, and the language it chose.

use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieAge};
use actix_web::{HttpRequest, web};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::ports::Clock;
use crate::domain::time::Timestamp;
use crate::texts::Language;
use crate::web::Context;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Marks the browser in which a sign-in began.
    SignIn,
    /// Holds the session's secret.
    Session,
}

impl Kind {
    /// `__Host-` binds a cookie to this very host over TLS; on loopback without TLS a browser would refuse it.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::SignIn, true) => "__Host-dataverse-renku-sign-in",
            (Self::SignIn, false) => "dataverse-renku-sign-in",
            (Self::Session, true) => "__Host-dataverse-renku-session",
            (Self::Session, false) => "dataverse-renku-session",
        }
    }

    /// What the browser sent.
    pub(crate) fn read(self, request: &HttpRequest, secure: bool) -> Option<SecretString> {
        request.cookie(self.name(secure)).map(|cookie| SecretString::from(cookie.value().to_owned()))
    }

    /// The cookie to set. Lax, since the way back from Keycloak is a navigation from another site.
    pub(crate) fn set(
        self,
        secret: &SecretString,
        until: Timestamp,
        now: Timestamp,
        secure: bool,
    ) -> Cookie<'static> {
        let seconds = i64::try_from(until.since(now).as_secs()).unwrap_or(0);
        Cookie::build(self.name(secure), secret.expose_secret().to_owned())
            .path("/")
            .http_only(true)
            .secure(secure)
            .same_site(SameSite::Lax)
            .max_age(CookieAge::seconds(seconds))
            .finish()
    }

    /// The cookie that takes it away.
    pub(crate) fn clear(self, secure: bool) -> Cookie<'static> {
        let mut cookie =
            self.set(&SecretString::from(String::new()), Timestamp::default(), Timestamp::default(), secure);
        cookie.make_removal();
        cookie
    }
}

/// The time for cookies' ages; pages have no clock of their own.
pub(crate) fn now() -> Timestamp {
    crate::lifecycle::SystemClock.now()
}

const fn language_name(secure: bool) -> &'static str {
    if secure { "__Host-dataverse-renku-language" } else { "dataverse-renku-language" }
}

/// The language that was chosen in this browser.
pub(crate) fn language(request: &HttpRequest) -> Option<Language> {
    let secure = request.app_data::<web::Data<Context>>().is_some_and(|context| context.secure);
    request.cookie(language_name(secure)).and_then(|cookie| Language::of_tag(cookie.value()))
}

/// The cookie that remembers a language for a year.
pub(crate) fn remembered(language: Language, secure: bool) -> Cookie<'static> {
    Cookie::build(language_name(secure), language.as_str())
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(CookieAge::days(365))
        .finish()
}
