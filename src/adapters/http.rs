//! The only builder of HTTP clients: no redirects, no cookies, bounded in time; and the reading of bodies, bounded in size.
//!
//! What is asked and what answers mean belongs in the adapter of each service.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use url::Url;

use crate::domain::secret_words;

/// How long a client waits and what it calls itself.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// For the connection to stand, TLS included.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// For the whole exchange.
    pub total_timeout: Duration,
    /// Whether connections are kept for the next request.
    ///
    /// Off where a request must not be sent twice: one written to a connection that the server was just closing may or may not
    /// have arrived.
    pub keep_alive: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(60),
            keep_alive: true,
        }
    }
}

/// No client could be built: TLS has no root certificates.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be set up")]
pub struct HttpSetupError(#[from] reqwest::Error);

/// A client that follows no redirects and keeps no cookies.
///
/// # Errors
/// When TLS cannot be set up.
#[expect(clippy::disallowed_methods, reason = "this is the builder that everybody else is sent to")]
pub fn client(settings: &HttpSettings) -> Result<reqwest::Client, HttpSetupError> {
    // Fails only when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .user_agent(concat!("dataverse-renku/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.read_timeout)
        .timeout(settings.total_timeout);
    let builder = if settings.keep_alive { builder } else { builder.pool_max_idle_per_host(0) };
    Ok(builder.build()?)
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is larger than we read.
    #[error("the answer is larger than {cap} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        cap: usize,
    },
    /// The connection broke or took too long.
    #[error("the answer broke off")]
    Broken(#[from] reqwest::Error),
}

tokio::task_local! {
    static RECORD: Recorder;
}

/// What a task said to others and was told, a line a request; without headers, values of parameters, and secrets.
pub type Recorder = Arc<Mutex<Vec<String>>>;

/// Does the work, and writes every exchange of its task into the record.
pub async fn recorded<F: Future>(recorder: Recorder, work: F) -> F::Output {
    RECORD.scope(recorder, work).await
}

fn record(line: impl FnOnce() -> String) {
    let _nobody_records = RECORD
        .try_with(|recorder| {
            let line = secret_words::cleaned(&line());
            if let Ok(mut lines) = recorder.lock() {
                lines.push(line);
            }
        })
        .is_err();
}

/// The address with the names of its parameters alone.
fn shown(url: &Url) -> String {
    let names: Vec<_> = url.query_pairs().map(|(name, _)| format!("{name}=…")).collect();
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    if names.is_empty() { bare.to_string() } else { format!("{bare}?{}", names.join("&")) }
}

/// Sends a request; the only way that is recorded.
///
/// # Errors
/// As the client has them.
pub async fn send(request: reqwest::RequestBuilder) -> Result<reqwest::Response, reqwest::Error> {
    let (client, request) = request.build_split();
    execute(&client, request?).await
}

/// The same with a request that is made already.
///
/// # Errors
/// As the client has them.
pub async fn execute(
    client: &reqwest::Client,
    request: reqwest::Request,
) -> Result<reqwest::Response, reqwest::Error> {
    let asked = format!("{} {}", request.method(), shown(request.url()));
    let answer = client.execute(request).await;
    record(|| match &answer {
        Ok(answer) => {
            let header = |name: HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok());
            let back = header(LOCATION).and_then(|to| Url::parse(to).ok());
            let back = back.map(|to| format!(", on to {}", shown(&to))).unwrap_or_default();
            let kind = header(CONTENT_TYPE).unwrap_or("no body");
            format!("{asked}\n  {} ({kind}){back}", answer.status())
        }
        Err(error) => format!("{asked}\n  {}", causes(error)),
    });
    answer
}

/// The start of a refusal. What is granted may be somebody's: of it only the length is told.
fn shown_body(body: &[u8], granted: bool) -> String {
    if granted {
        return format!("  {} bytes", body.len());
    }
    let text = String::from_utf8_lossy(body);
    let start: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    format!("  {start}")
}

/// Reads a body of at most `cap` bytes.
///
/// # Errors
/// When it is larger, also by its own `Content-Length`, or breaks off.
pub async fn body(mut response: reqwest::Response, cap: usize) -> Result<Vec<u8>, BodyError> {
    let granted = response.status().is_success();
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > cap) {
        return Err(BodyError::TooLarge { cap });
    }
    let mut read = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(piece) = response.chunk().await? {
        if read.len() + piece.len() > cap {
            return Err(BodyError::TooLarge { cap });
        }
        read.extend_from_slice(&piece);
    }
    record(|| shown_body(&read, granted));
    Ok(read)
}

/// Whether a request surely never reached the server: no connection stood, or it could not be written at all.
pub fn surely_not_sent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); its other form, a date, is left aside.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The error with what caused it, since "no connection" alone helps nobody.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn redirects_are_not_followed_and_the_name_is_told() {
        let mut server = mockito::Server::new_async().await;
        let agent = concat!("dataverse-renku/", env!("CARGO_PKG_VERSION"));
        let mock = server
            .mock("GET", "/")
            .match_header("user-agent", agent)
            .with_status(302)
            .with_header("location", "/elsewhere")
            .expect(1)
            .create_async()
            .await;
        let answer = client(&HttpSettings::default()).unwrap().get(server.url()).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        mock.assert_async().await;
    }

    #[tokio::test]
    async fn a_body_above_the_cap_is_refused_whether_announced_or_not() {
        let mut server = mockito::Server::new_async().await;
        server.mock("GET", "/announced").with_body("x".repeat(11)).create_async().await;
        server
            .mock("GET", "/streamed")
            .with_chunked_body(|writer| writer.write_all(&[b'x'; 11]))
            .create_async()
            .await;
        let http = client(&HttpSettings::default()).unwrap();
        for path in ["/announced", "/streamed"] {
            let ask = || http.get(format!("{}{path}", server.url())).send();
            assert!(matches!(body(ask().await.unwrap(), 10).await, Err(BodyError::TooLarge { cap: 10 })));
            assert_eq!(body(ask().await.unwrap(), 11).await.unwrap().len(), 11);
        }
    }

    #[tokio::test]
    async fn a_closed_port_means_surely_not_sent() {
        let http = client(&HttpSettings::default()).unwrap();
        let error = http.post("http://127.0.0.1:1/").body("x").send().await.unwrap_err();
        assert!(surely_not_sent(&error), "{error:?}");
    }
}
