//! Finds the issuer, reads its discovery document and keys, and keeps them for a while.
//!
//! The bridge between the crate `openidconnect` and our HTTP client is here too, since only discovery needs it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, AuthUrl, DiscoveryError, HttpRequest, HttpResponse,
    IssuerUrl, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use crate::adapters::http;
use crate::domain::ports::Clock;
use crate::domain::time::Timestamp;

use super::error::OidcError;
use super::{BODY_CAP, OidcSettings};

/// Discovery fields beyond the crate's; Keycloak has the first since 13.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Endpoints {
    #[serde(rename = "device_authorization_endpoint")]
    device: Option<Url>,
    #[serde(rename = "revocation_endpoint")]
    revocation: Option<Url>,
    #[serde(rename = "introspection_endpoint")]
    introspection: Option<Url>,
}

impl AdditionalProviderMetadata for Endpoints {}

type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is known of the provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) issuer: IssuerUrl,
    pub(super) authorization: AuthUrl,
    pub(super) token: Url,
    pub(super) device: Option<Url>,
    pub(super) revocation: Option<Url>,
    pub(super) introspection: Option<Url>,
    pub(super) userinfo: Option<Url>,
    /// Whether the realm has the scope `basic`, which carries `sub` since Keycloak 25.
    pub(super) basic: bool,
    pub(super) keys: CoreJsonWebKeySet,
    read_at: Timestamp,
}

/// The provider's documents, read when needed.
pub(super) struct Discovery {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    settings: OidcSettings,
    cached: Mutex<Option<Arc<Provider>>>,
}

impl Discovery {
    pub(super) fn new(http: reqwest::Client, clock: Arc<dyn Clock>, settings: OidcSettings) -> Self {
        Self { http, clock, settings, cached: Mutex::new(None) }
    }

    /// The provider, at most as old as the settings allow; an older one is still used while Keycloak cannot be reached.
    pub(super) async fn provider(&self) -> Result<Arc<Provider>, OidcError> {
        let mut cached = self.cached.lock().await;
        let now = self.clock.now();
        if let Some(provider) = cached.as_ref()
            && now.since(provider.read_at) < self.settings.metadata_ttl
        {
            return Ok(Arc::clone(provider));
        }
        match (self.read(now).await, cached.as_ref()) {
            (Ok(provider), _) => {
                let provider = Arc::new(provider);
                *cached = Some(Arc::clone(&provider));
                Ok(provider)
            }
            (Err(OidcError::NotSent(_) | OidcError::Cut(_) | OidcError::Server { .. }), Some(old)) => {
                Ok(Arc::clone(old))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The provider, read again since a key is missing in `known`; not more often than the settings allow, so that made-up
    /// tokens cannot make us flood Keycloak.
    pub(super) async fn newer_than(&self, known: &Provider) -> Result<Arc<Provider>, OidcError> {
        {
            let mut cached = self.cached.lock().await;
            let same = cached.as_ref().is_some_and(|cached| cached.read_at == known.read_at);
            let old_enough = self.clock.now().since(known.read_at) >= self.settings.keys_min_age;
            if same && old_enough {
                *cached = None;
            }
        }
        self.provider().await
    }

    async fn read(&self, now: Timestamp) -> Result<Provider, OidcError> {
        let candidates = self.settings.issuers();
        let mut tried = Vec::new();
        for issuer in &candidates {
            match self.read_at(issuer, now).await {
                Ok(provider) => return Ok(provider),
                // A wrong guess shows as 404 or as a page of Renku's; only an answer that none can give ends the search.
                Err(OidcError::Refused { .. } | OidcError::NotUnderstood { .. }) => {
                    tried.push(issuer.clone());
                }
                Err(OidcError::Server { status: 500..=501, .. }) if candidates.len() > 1 => {
                    tried.push(issuer.clone());
                }
                Err(error) => return Err(error),
            }
        }
        Err(OidcError::IssuerNotFound { tried })
    }

    async fn read_at(&self, issuer: &str, now: Timestamp) -> Result<Provider, OidcError> {
        let not_understood = |detail: String| OidcError::NotUnderstood { status: 200, detail };
        let url = IssuerUrl::new(issuer.to_owned()).map_err(|error| not_understood(error.to_string()))?;
        let bridge = Bridge(&self.http);
        let metadata = Metadata::discover_async(url, &bridge).await.map_err(|error| match error {
            DiscoveryError::Request(error) => error,
            DiscoveryError::Validation(detail) => {
                OidcError::IssuerMismatch { expected: issuer.to_owned(), detail }
            }
            DiscoveryError::Response(status, _, detail) => {
                OidcError::NotUnderstood { status: status.as_u16(), detail }
            }
            DiscoveryError::Parse(error) => not_understood(error.to_string()),
            DiscoveryError::UrlParse(error) => not_understood(error.to_string()),
            DiscoveryError::Other(detail) => not_understood(detail),
            _ => not_understood("an error that is new to us".to_owned()),
        })?;
        let token = metadata.token_endpoint().ok_or(OidcError::NotOffered("token"))?.url().clone();
        let more = metadata.additional_metadata().clone();
        Ok(Provider {
            issuer: metadata.issuer().clone(),
            authorization: metadata.authorization_endpoint().clone(),
            token,
            device: more.device,
            revocation: more.revocation,
            introspection: more.introspection,
            userinfo: metadata.userinfo_endpoint().map(|endpoint| endpoint.url().clone()),
            basic: metadata
                .scopes_supported()
                .is_some_and(|scopes| scopes.iter().any(|s| s.as_str() == "basic")),
            keys: metadata.jwks().clone(),
            read_at: now,
        })
    }
}

/// Our client behind the crate's trait: the crate's own feature for reqwest is tied to an older major version.
struct Bridge<'a>(&'a reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Bridge<'_> {
    type Error = OidcError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OidcError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = request.try_into().map_err(OidcError::NotSent)?;
            let response = http::execute(self.0, request).await.map_err(OidcError::sending)?;
            let status = response.status();
            if status.is_server_error() {
                let after = http::retry_after(response.headers());
                return Err(OidcError::Server { status: status.as_u16(), after });
            }
            let headers = response.headers().clone();
            let body = http::body(response, BODY_CAP)
                .await
                .map_err(|error| OidcError::reading(error, status.as_u16()))?;
            let mut answer = HttpResponse::new(body);
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}
