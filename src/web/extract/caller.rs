//! A program's caller: the bearer of a Renku access token, checked as Renku would check it.
//!
//! The token says who asks. The work is done with the sign-in that this person stored with us.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use secrecy::SecretString;

use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::ports::identity::{CredentialState, Person};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Problem, ProblemCode};
use crate::web::Context;
use crate::web::problem::ApiProblem;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Whose Keycloak gave the token.
    pub(crate) renku: RenkuName,
    /// The person, if they ever signed in here.
    pub(crate) person: Option<Person>,
    /// Their number at that Keycloak.
    pub(crate) subject: String,
    /// Whether the configuration names them an operator.
    pub(crate) operator: bool,
}

impl Caller {
    /// The person, if the work can be done for them.
    ///
    /// # Errors
    /// `sign-in-needed`, with the address to sign in at.
    pub(crate) async fn person_with_sign_in(&self, context: &Context) -> Result<PersonId, ApiProblem> {
        let address = || format!("{}/sign-in?renku={}", context.public_url, self.renku);
        let needed = || ApiProblem::from(Problem::new(ProblemCode::SignInNeeded).saying(address()));
        let person = self.person.as_ref().ok_or_else(needed)?;
        match context.people.credential(person.id).await?.map(|credential| credential.state) {
            Some(CredentialState::Active | CredentialState::Refreshing { .. }) => Ok(person.id),
            Some(CredentialState::Dead { .. } | CredentialState::Disconnecting) | None => Err(needed()),
        }
    }

    /// Whom to count live streams for: the person, or an operator who never signed in here.
    pub(crate) fn viewer(&self) -> String {
        self.person.as_ref().map_or_else(|| self.subject.clone(), |person| person.id.to_string())
    }

    async fn of(context: &Context, request: &HttpRequest) -> Result<Self, ApiProblem> {
        let missing = || ApiProblem::from(Problem::new(ProblemCode::TokenMissing));
        let header = request.headers().get(AUTHORIZATION).ok_or_else(missing)?;
        let header = header.to_str().map_err(|_not_text| missing())?;
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(missing()),
        };
        let token = AccessToken::new(SecretString::from(token.to_owned()));
        let bearer = context.identity.bearer(&token).await?;
        let claims = &bearer.claims;
        let operator = context.operators.admit(&bearer.renku, &claims.subject, &claims.roles);
        Ok(Self { renku: bearer.renku, subject: bearer.claims.subject, person: bearer.person, operator })
    }
}

impl FromRequest for Caller {
    type Error = ApiProblem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiProblem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let context = request.app_data::<web::Data<Context>>().cloned();
            let context = context.ok_or_else(|| ApiProblem::from(Problem::new(ProblemCode::Internal)))?;
            Self::of(&context, &request).await
        })
    }
}
