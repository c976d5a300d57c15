//! The bytes of files, with everything that can go wrong on the way; object storage and the DOI resolver beside it.
//! Which file misbehaves how stands in its description.

use std::io;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::web::Bytes;
use futures_util::stream;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::model::{Dataset, File};
use super::{Caller, Sim, api, json as shapes};
use crate::sandbox::http::{self, Ask, now};

/// How much of a dropped file arrives, of twice as much announced.
const DROPPED_AFTER: usize = 100_010;

/// Opens a port that closes every connection without an answer, and tells its address.
pub(super) async fn closing_port() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    http::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = [0; 1024];
            // Reading first lets the other side finish its request.
            drop(tokio::time::timeout(Duration::from_secs(5), connection.read(&mut head)).await);
        }
    });
    Ok(format!("http://{address}"))
}

impl Sim {
    pub(super) async fn datafile(&self, id: &str, ask: &Ask, caller: Caller) -> HttpResponse {
        let found = id.parse().ok().and_then(|id| {
            let state = self.state();
            state.file(id).map(|(dataset, file)| (file, dataset.spec.guestbook))
        });
        let Some((file, guestbook)) = found.filter(|(file, _)| !file.spec.missing) else {
            if ask.method == "GET"
                && let Some(delay) =
                    id.parse().ok().and_then(|id| self.state().file(id).map(|(_, f)| f.spec.delay))
            {
                tokio::time::sleep(self.seconds(delay)).await;
            }
            let message = format!("'/api/access/datafile/{id}' datafile not found.");
            return self.refused(404, &message, ask);
        };
        if ask.method == "GET" {
            tokio::time::sleep(self.seconds(file.spec.delay)).await;
        }
        let access = file.access(&shapes::day(now()));
        if access == "RetentionPeriodExpired" || (access != "Public" && caller.person().is_none()) {
            let message = api::NO_SUCH_ENDPOINT.replace(
                "API endpoint does not exist on this server",
                "Not authorized to access this object via this API endpoint",
            );
            return self.refused(403, &message, ask);
        }
        if let (Some(guestbook), Caller::Guest) = (guestbook, caller) {
            let message = format!(
                "You may not download this file without the required Guestbook response for guestbookID {guestbook}."
            );
            return shapes::error(400, &message);
        }
        if let Some(status) = file.spec.status {
            return self.refused(status, "Service unavailable", ask);
        }
        if file.spec.reset {
            return http::redirect(303, &format!("{}/{id}", self.reset_url));
        }
        if file.spec.s3 {
            let address =
                format!("{}/s3/{id}?X-Amz-Expires=3600&X-Amz-Signature=topsecret{id}", self.site_url);
            return http::redirect(303, &address);
        }
        self.stream(&file, ask)
    }

    fn refused(&self, status: u16, message: &str, ask: &Ask) -> HttpResponse {
        shapes::framework_error(status, message, &format!("{}{}", self.site_url, ask.path), &ask.method)
    }

    fn stream(&self, file: &File, ask: &Ask) -> HttpResponse {
        let original = file.spec.original.as_ref().filter(|_| ask.query("format") == Some("original"));
        let (name, content_type, bytes) = match original {
            Some(o) => (o.name.as_str(), o.content_type.as_str(), Bytes::from(o.text.clone())),
            None => (file.spec.name.as_str(), file.content_type(), file.bytes.clone()),
        };
        let ascii: String = name.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        let mut answer = HttpResponse::Ok();
        answer
            .content_type(format!("{content_type}; name=\"{ascii}\""))
            .insert_header(("Content-Disposition", format!("attachment; filename*=UTF-8''{ascii}")));
        let slow = file.spec.trickle > 0.0;
        if ask.method == "HEAD" || !(file.spec.drop || slow) {
            return answer.body(bytes);
        }
        let length = bytes.len() as u64;
        let pause = self.seconds(file.spec.trickle / 20.0).max(Duration::from_millis(2));
        answer.body(SizedStream::new(length, pieces(bytes, pause, file.spec.drop)))
    }

    pub(super) fn object_storage(&self, ask: &Ask) -> HttpResponse {
        if ask.method == "HEAD" || ask.query("X-Amz-Signature").is_none() {
            return http::text(403, "application/xml", "<Error><Code>SignatureDoesNotMatch</Code></Error>");
        }
        let id = ask.segments().last().and_then(|id| id.parse().ok());
        let found = id.and_then(|id| self.state().file(id).map(|(_, file)| file.bytes.clone()));
        match found {
            Some(bytes) => HttpResponse::Ok().content_type("binary/octet-stream").body(bytes),
            None => http::text(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>"),
        }
    }

    /// What doi.org tells about a dataset here, for a Renku that is given a bare DOI.
    /// The handle system's API, as `https://doi.org/api/handles/{doi}` answers it. What follows a dataset's identifier after a
    /// slash is the identifier of a file.
    pub(super) fn resolve_handle(&self, ask: &Ask) -> HttpResponse {
        let doi = ask.path.trim_start_matches("/_doi/api/handles/");
        let pid = format!("doi:{doi}");
        let mut state = self.state();
        let published = |dataset: &&mut Dataset| !dataset.spec.no_doi && !dataset.spec.unpublished;
        let mut target = state
            .by_pid(&pid)
            .filter(published)
            .map(|dataset| format!("{}/citation?persistentId={}", self.site_url, dataset.spec.pid));
        if target.is_none()
            && let Some((dataset, _file)) = pid.rsplit_once('/')
            && state.by_pid(dataset).is_some_and(|dataset| published(&dataset))
        {
            target = Some(format!("{}/file.xhtml?persistentId={pid}", self.site_url));
        }
        match target {
            Some(url) => {
                let value =
                    json!({ "index": 1, "type": "URL", "data": { "format": "string", "value": url } });
                http::json(200, &json!({ "responseCode": 1, "handle": doi, "values": [value] }))
            }
            None => http::json(404, &json!({ "responseCode": 100, "handle": doi })),
        }
    }

    pub(super) fn resolve_doi(&self, ask: &Ask) -> HttpResponse {
        let doi = ask.path.trim_start_matches("/_doi/");
        let mut state = self.state();
        let found = state.by_pid(&format!("doi:{doi}")).filter(|dataset| !dataset.spec.no_doi);
        let Some(dataset) = found else {
            return http::text(
                404,
                "text/html;charset=utf-8",
                "<html><title>Error: DOI Not Found</title></html>",
            );
        };
        let body = json!({
            "type": "dataset", "id": format!("https://doi.org/{doi}"), "categories": ["Other"],
            "author": [{ "family": "Finch", "given": "Fiona" }], "issued": { "date-parts": [[2026]] },
            "abstract": dataset.description(), "DOI": doi.to_uppercase(), "publisher": "Sandbox Dataverse",
            "title": dataset.title(), "URL": format!("{}/citation?persistentId={}", self.site_url, dataset.spec.pid),
        });
        http::text(200, "application/vnd.citationstyles.csl+json", body.to_string())
    }
}

/// The bytes in twenty pieces with pauses; a dropped file ends in an error, so that the connection is cut.
fn pieces(bytes: Bytes, pause: Duration, dropped: bool) -> impl stream::Stream<Item = io::Result<Bytes>> {
    let last = if dropped { DROPPED_AFTER.min(bytes.len() / 2 + 10) } else { bytes.len() };
    let step = (bytes.len() / 20).max(1);
    stream::unfold(Some(0), move |at: Option<usize>| {
        let bytes = bytes.clone();
        async move {
            let at = at?;
            if at >= last {
                tokio::time::sleep(pause.max(Duration::from_millis(30))).await;
                return dropped.then(|| (Err(io::Error::other("cut")), None));
            }
            tokio::time::sleep(pause).await;
            let end = (at + step).min(last);
            Some((Ok(bytes.slice(at..end)), Some(end)))
        }
    })
}
