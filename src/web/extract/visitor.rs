//! A browser's visitor: the people signed in there, the token that their forms carry, and their language.
//!
//! A guest is a visitor too. Who may do what is decided by the handlers that ask for [`Visitor::session`].

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use secrecy::SecretString;

use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::ports::identity::Person;
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::identity::OpenSession;
use crate::texts::Language;
use crate::web::Context;
use crate::web::cookies::Kind;
use crate::web::extract::Lang;
use crate::web::problem::ApiProblem;

/// Who looks at a page.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The language to speak.
    pub(crate) language: Language,
    session: Option<OpenSession>,
    cookie: Option<SecretString>,
    here: String,
}

impl Visitor {
    /// Somebody of whom nothing is known but the language and where they are.
    pub(crate) fn guest(request: &HttpRequest) -> Self {
        Self { language: Lang::of(request), session: None, cookie: None, here: here(request) }
    }

    /// Who sent this request; looked up once for each.
    ///
    /// # Errors
    /// A fault of the store.
    pub(crate) async fn of(context: &Context, request: &HttpRequest) -> Result<Self, Fault> {
        let known = request.extensions().get::<Self>().cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let mut visitor = Self::guest(request);
        if let Some(cookie) = Kind::Session.read(request, context.secure) {
            visitor.session = context.identity.session(&cookie).await?;
            visitor.cookie = Some(cookie);
        }
        request.extensions_mut().insert(visitor.clone());
        Ok(visitor)
    }

    /// The session of somebody who is signed in.
    ///
    /// # Errors
    /// `sign-in-needed`, which a browser is answered by being led to the sign-in and back.
    pub(crate) fn session(&self) -> Result<&OpenSession, ApiProblem> {
        self.session.as_ref().ok_or_else(|| Problem::new(ProblemCode::SignInNeeded).into())
    }

    /// The people signed in, at most one per Renku.
    pub(crate) fn people(&self) -> &[Person] {
        self.session.as_ref().map_or(&[], |session| session.people.as_slice())
    }

    /// Who is signed in at this Renku.
    pub(crate) fn person_at(&self, renku: &RenkuName) -> Option<&Person> {
        self.people().iter().find(|person| person.renku == *renku)
    }

    /// Whether one of the people signed in is this one.
    pub(crate) fn is(&self, person: PersonId) -> bool {
        self.people().iter().any(|known| known.id == person)
    }

    /// What a form of ours must carry; empty for guests, whose forms change nothing.
    pub(crate) fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |session| session.csrf.as_str())
    }

    /// The session's cookie, if one was sent.
    pub(crate) const fn cookie(&self) -> Option<&SecretString> {
        self.cookie.as_ref()
    }

    /// The path and query of the page, without a language; where the answer to a form has no address, the front page.
    pub(crate) fn here(&self) -> &str {
        &self.here
    }
}

/// A page that can be come back to. The way back from Keycloak works once, so it is none.
fn here(request: &HttpRequest) -> String {
    let path = request.path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) || path == "/sign-in/callback" {
        return "/".to_owned();
    }
    let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.filter(|(key, _)| key != "locale"));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

impl FromRequest for Visitor {
    type Error = ApiProblem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiProblem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let context = request.app_data::<web::Data<Context>>().cloned();
            let context = context.ok_or_else(|| ApiProblem::from(ProblemCode::Internal))?;
            Ok(Self::of(&context, &request).await?)
        })
    }
}
