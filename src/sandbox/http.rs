//! The few HTTP things every simulator needs: a port on loopback, a request read whole with a size cap, JSON answers, an outgoing client.
//! What a simulated service says belongs into its own module.

use std::future::Future;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Bodies above this many bytes are answered with 413.
const BODY_CAP: usize = 4 * 1024 * 1024;

/// One request, read whole.
#[derive(Debug, Clone)]
pub struct Ask {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, percent-decoded.
    pub path: String,
    /// Path and query exactly as sent.
    pub target: String,
    /// The `Host` header; empty when there is none.
    pub host: String,
    /// Who connected.
    pub peer: Option<IpAddr>,
    /// The body.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Ask {
    /// The first query parameter of that name, decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The first header of that name (any case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The cookie of that name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(k, _)| k.eq_ignore_ascii_case("cookie"))
            .flat_map(|(_, v)| v.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(k, v)| (k == name).then_some(v))
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The fields of a form body, decoded.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The parts of the path between slashes, empty ones left out.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

/// What answers the requests of one port.
pub trait Site: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(self: Arc<Self>, ask: Ask) -> impl Future<Output = HttpResponse>;
}

/// A listening server; it goes on until [`Server::stop`].
#[derive(Debug)]
pub struct Server {
    handle: ServerHandle,
}

impl Server {
    /// Stops at once: running answers are cut off, as when a machine goes down.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

/// Takes a port of 127.0.0.1 (`0` = any free one) and tells which it is.
///
/// # Errors
/// When the port is taken.
pub fn bind(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
        let words = format!(
            "127.0.0.1:{port} cannot be listened on ({error}): end the other program there, or choose with --port \
             where four ports in a row are free (0: any)"
        );
        io::Error::new(error.kind(), words)
    })?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Serves `site` on a bound port, in threads of its own.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<S: Site>(listener: TcpListener, site: Arc<S>) -> io::Result<Server> {
    let data = web::Data::from(site);
    let server =
        HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(dispatch::<S>)))
            .workers(1)
            .disable_signals()
            .keep_alive(Duration::from_secs(30))
            .listen(listener)?
            .run();
    let handle = server.handle();
    spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(error = %error, "a simulator's server ended");
        }
    });
    Ok(Server { handle })
}

async fn dispatch<S: Site>(request: HttpRequest, payload: web::Payload, site: web::Data<S>) -> HttpResponse {
    let Ok(Ok(body)) = payload.to_bytes_limited(BODY_CAP).await else {
        return HttpResponse::PayloadTooLarge().body("request body too large");
    };
    let uri = request.uri();
    let query = uri.query().unwrap_or_default();
    let ask = Ask {
        method: request.method().to_string(),
        path: percent_decoded(uri.path()),
        target: uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string),
        host: request.headers().get("host").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned(),
        peer: request.peer_addr().map(|peer| peer.ip()),
        body: body.to_vec(),
        headers: request
            .headers()
            .iter()
            .map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
    };
    site.into_inner().answer(ask).await
}

/// A JSON answer.
pub fn json(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::build(code(status)).content_type("application/json").body(body.to_string())
}

/// An answer with a text body of the given type.
pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> HttpResponse {
    HttpResponse::build(code(status)).content_type(content_type.to_owned()).body(body.into())
}

/// A redirect.
pub fn redirect(status: u16, location: &str) -> HttpResponse {
    HttpResponse::build(code(status)).insert_header(("Location", location.to_owned())).finish()
}

/// A status from its number; 500 for a number that is none.
pub fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Undoes `%XX` once; anything else stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let undone = hex.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%');
        bytes.push(undone.unwrap_or(first));
        rest = if undone.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Escapes text for an HTML page.
pub fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The time a simulated server has. A simulator is another machine: the service's clock is none of its business.
#[expect(clippy::disallowed_methods, reason = "a simulated server has a clock of its own")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Starts a task of a simulated server on the current runtime.
#[expect(clippy::disallowed_methods, reason = "a simulated server is not part of the service's shutdown")]
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

/// The client a simulated server calls others with. It follows redirects as the simulated services do.
///
/// # Errors
/// When TLS cannot be set up.
#[expect(clippy::disallowed_methods, reason = "a simulated server has an HTTP stack of its own")]
pub fn client(timeout: Duration) -> io::Result<reqwest::Client> {
    // Fails only when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(timeout).build().map_err(io::Error::other)
}

/// Locks simulated state. A panic elsewhere must not take the simulator down with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn percent_signs_are_undone_once_and_broken_ones_left() {
        assert_eq!(percent_decoded("doi%3A10.1%2FX"), "doi:10.1/X");
        assert_eq!(percent_decoded("100%25%"), "100%%");
        assert_eq!(percent_decoded("Z%C3%BCrich"), "Zürich");
    }
}
