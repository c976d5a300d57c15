//! One request and its whole answer, and what is known when there is none: whether the request may have arrived.
//! Shared by the adapters of HTTP services; what an answer means is theirs.

use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};

use super::http::{self, BodyError};
use crate::domain::time::Timestamp;

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum Transport {
    /// No connection: the request surely did not get there.
    #[error("no connection")]
    NotReached(#[source] reqwest::Error),
    /// The time was over; the request may have got there.
    #[error("no answer in time")]
    Timeout(#[source] reqwest::Error),
    /// The connection broke; the request may have got there.
    #[error("the connection broke before the answer was whole")]
    Broken(#[source] reqwest::Error),
    /// The answer is longer than we read.
    #[error("the answer is longer than {max} bytes")]
    TooLarge {
        /// The limit.
        max: usize,
    },
}

impl Transport {
    /// Sorts an error of the client; its address is taken out, since a query may hold a right.
    pub fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if http::surely_not_sent(&error) {
            Self::NotReached(error)
        } else if error.is_timeout() {
            Self::Timeout(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// A whole answer within the limits.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty where only the head was asked for.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first characters of the body, for messages.
    pub fn start(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().chars().take(200).collect()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3); a date that has passed is no delay.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        http::retry_after(&self.headers).or_else(|| {
            let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
            let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
            Some(Timestamp::from_millis(at.timestamp_millis()).since(now))
        })
    }
}

/// A client and the most that it reads of an answer; cheap to clone.
#[derive(Clone, Debug)]
pub struct Exchange {
    client: Client,
    max_body: usize,
}

impl Exchange {
    /// Wraps a client of [`http::client`]; `max_body` is in bytes.
    pub fn new(client: Client, max_body: usize) -> Self {
        Self { client, max_body }
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`Transport`]
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, Transport> {
        let response = timed(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http::body(response, self.max_body).await.map_err(|error| match error {
            BodyError::TooLarge { cap } => Transport::TooLarge { max: cap },
            BodyError::Broken(error) => Transport::of(error),
        })?;
        Ok(Answer { status, headers, body })
    }

    /// Sends a request and reads only the head of its answer.
    ///
    /// # Errors
    /// [`Transport`]
    pub async fn head_of(&self, request: RequestBuilder) -> Result<Answer, Transport> {
        let response = timed(request).await?;
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body: Vec::new() })
    }
}

/// Sends a request and counts how long the head of the answer took, by host and status.
async fn timed(request: RequestBuilder) -> Result<Response, Transport> {
    let (client, request) = request.build_split();
    let request = request.map_err(Transport::of)?;
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let began = Instant::now();
    let answer = http::execute(&client, request).await.map_err(Transport::of);
    let status = match &answer {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(Transport::NotReached(_)) => "not reached".to_owned(),
        Err(Transport::Timeout(_)) => "timeout".to_owned(),
        Err(Transport::Broken(_) | Transport::TooLarge { .. }) => "broken".to_owned(),
    };
    metrics::histogram!("dataverse_renku_upstream_seconds", "host" => host, "status" => status)
        .record(began.elapsed().as_secs_f64());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::HttpSettings;

    fn exchange(timeout: Duration) -> Exchange {
        let settings = HttpSettings { total_timeout: timeout, ..HttpSettings::default() };
        Exchange::new(http::client(&settings).unwrap(), 100)
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = Timestamp::parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        for (text, want) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Tue, 24 Nov 2026 10:01:30 GMT", Some(90)),
            ("Tue, 24 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            let headers = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
            let answer = Answer { status: StatusCode::OK, headers, body: Vec::new() };
            assert_eq!(answer.retry_after(now).map(|d| d.as_secs()), want, "{text}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_surely_got_nothing_and_a_cut_connection_may_have() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let exchange = exchange(Duration::from_secs(5));
        let (cut, ()) = tokio::join!(exchange.send(exchange.request(Method::GET, &url)), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1024]).await.unwrap();
            drop((stream, listener));
        });
        assert!(matches!(cut, Err(Transport::Broken(_))), "{cut:?}");
        let refused = exchange.send(exchange.request(Method::GET, &url)).await;
        assert!(matches!(refused, Err(Transport::NotReached(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_left_in_time() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let exchange = exchange(Duration::from_millis(200));
        let slow = exchange.send(exchange.request(Method::GET, &url)).await;
        assert!(matches!(slow, Err(Transport::Timeout(_))), "{slow:?}");
        assert!(!format!("{slow:?}").contains(&url), "the address stays out of errors");
    }
}
