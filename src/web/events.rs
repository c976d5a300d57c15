//! Live events of one import, which the caller has authorized already, as server-sent events: first the timeline after the last
//! event that the reader has, then what happens, until the import ends.
//!
//! A stream keeps a number and nothing else; lines are read from the store when the reader has taken those before. So a slow reader
//! costs no memory, and one that is cut off misses nothing.

mod seats;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use actix_web_lab::sse::{self, Sse};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tokio::time::Instant;

use self::seats::{Seat, Seats};
use super::Context;
use super::problem::ApiProblem;
use super::view::{import_view, timeline_view};
use crate::domain::ids::ImportId;
use crate::domain::import::Import;
use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Problem, ProblemCode};
use crate::imports::watch::{Watch, Watching};
use crate::texts::Language;

/// Lines that are read at once.
const PAGE: u32 = 100;

/// After this a reader whose stream broke comes back.
const COME_BACK_AFTER: Duration = Duration::from_secs(3);

/// What live streams may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Streams at the same time.
    pub altogether: usize,
    /// How many of them to one person.
    pub per_person: usize,
    /// How often a stream without news says that it is alive.
    pub heartbeat: Duration,
    /// Then a stream ends and its reader comes back and is authorized anew.
    pub longest: Duration,
}

/// Imports shown live.
#[derive(Debug)]
pub struct Live {
    watch: Arc<Watch>,
    seats: Arc<Seats>,
    limits: Limits,
}

impl Live {
    /// Within these limits; `watch` is run elsewhere.
    pub fn new(watch: Arc<Watch>, limits: Limits) -> Self {
        Self { watch, seats: Seats::new(limits.per_person, limits.altogether), limits }
    }
}

/// The last event that a reader has: the header `Last-Event-ID`, which browsers send by themselves, else `after` of the query.
///
/// An id is a line's `seq`; that of the last event of an ended import is followed by `-end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LastEventId {
    seq: i64,
    has_the_end: bool,
}

impl std::str::FromStr for LastEventId {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, has_the_end) = text.strip_suffix("-end").map_or((text, false), |number| (number, true));
        let digits = (1..=18).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let seq = number.parse().ok().filter(|_| digits).ok_or(())?;
        Ok(Self { seq, has_the_end })
    }
}

impl FromRequest for LastEventId {
    type Error = ApiProblem;
    type Future = Ready<Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let header = request.headers().get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
        let query = || {
            let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
            pairs.filter(|(name, _)| name == "after").map(|(_, value)| value.into_owned()).next()
        };
        let (field, given) = match header.filter(|given| !given.is_empty()) {
            Some(given) => ("Last-Event-ID", Some(given.to_owned())),
            None => ("after", query()),
        };
        let wrong = |()| {
            let words = "it is the id of an event of this import, or 0";
            ApiProblem::from(Problem::new(ProblemCode::RequestInvalid).about(field).saying(words))
        };
        ready(given.map_or(Ok(Self::default()), |given| given.parse().map_err(wrong)))
    }
}

/// The live events of this import, which `viewer` (a person's number, for counting) may see.
///
/// Events: `timeline` (a line, with its `seq` as id), `import` (how the import stands after the lines before) and, as the last one, `end`
/// (how it ended). Whoever has that already is answered 204, upon which browsers stop coming back.
///
/// # Errors
/// `too-many-requests` and `service-busy`, see [`Limits`]; a fault of the store.
pub(crate) async fn stream(
    context: &web::Data<Context>,
    import: ImportId,
    viewer: &str,
    last: LastEventId,
    language: Language,
) -> Result<HttpResponse, ApiProblem> {
    let live = &context.live;
    let until = Instant::now() + live.limits.longest;
    let seat = live.seats.take(viewer, until).map_err(ApiProblem::from)?;
    let mut follower = Follower {
        context: web::Data::clone(context),
        watching: live.watch.look_at(import),
        import,
        language,
        seen: last.seq,
        shown: None,
        pending: VecDeque::new(),
        more: false,
        over: false,
        _seat: seat,
    };
    follower.read().await?;
    if last.has_the_end && follower.over && follower.pending.len() == 1 {
        return Ok(HttpResponse::NoContent().finish());
    }
    let events = stream::unfold(follower, Follower::next)
        .take_until(context.stopping.clone().cancelled_owned())
        .take_until(tokio::time::sleep_until(until));
    let body =
        Sse::from_stream(events).with_keep_alive(live.limits.heartbeat).with_retry_duration(COME_BACK_AFTER);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // nginx would else hold events back until it has a few kilobytes of them.
        .insert_header(("x-accel-buffering", "no"))
        .body(body))
}

/// One reader's place in a timeline.
struct Follower {
    context: web::Data<Context>,
    watching: Watching,
    import: ImportId,
    language: Language,
    /// The last line that went out.
    seen: i64,
    /// The revision of the import that went out.
    shown: Option<i64>,
    /// At most a page of lines and one event more.
    pending: VecDeque<sse::Event>,
    /// Whether the page that was read last was full.
    more: bool,
    over: bool,
    _seat: Seat,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<sse::Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some((Ok(event), self));
            }
            if self.over {
                return None;
            }
            if !self.more {
                self.watching.news().await;
            }
            if let Err(error) = self.read().await {
                tracing::warn!(import.id = %self.import, error = %error, "a live stream ends early; its reader comes back");
                return None;
            }
        }
    }

    /// Reads what is new, at most a page of it.
    async fn read(&mut self) -> Result<(), StoreError> {
        let store = self.context.engine.store();
        // First the import and then the lines: an import that is found at its end has no line that is missed.
        let Some(import) = store.import(self.import).await? else {
            self.over = true;
            return Ok(());
        };
        let lines = store.timeline(self.import, self.seen, PAGE).await?;
        for line in &lines {
            self.seen = line.seq;
            let event = data("timeline", &timeline_view(line, self.language));
            self.pending.push_back(event.id(line.seq.to_string()).into());
        }
        self.more = u32::try_from(lines.len()).is_ok_and(|count| count >= PAGE);
        if !self.more {
            self.stands(&import);
        }
        Ok(())
    }

    fn stands(&mut self, import: &Import) {
        let ended = import.state.phase().is_end();
        if ended {
            let event = data("end", &import_view(import, self.language)).id(format!("{}-end", self.seen));
            self.pending.push_back(event.into());
            self.over = true;
        } else if self.shown != Some(import.revision) {
            self.pending.push_back(data("import", &import_view(import, self.language)).into());
            self.shown = Some(import.revision);
        }
    }
}

fn data(name: &'static str, view: &impl Serialize) -> sse::Data {
    // The views are plain structs of texts and numbers: they always have a JSON form.
    sse::Data::new(serde_json::to_string(view).unwrap_or_default()).event(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_is_a_number_that_we_gave() {
        assert_eq!("0".parse(), Ok(LastEventId::default()));
        assert_eq!("41".parse(), Ok(LastEventId { seq: 41, has_the_end: false }));
        assert_eq!("41-end".parse(), Ok(LastEventId { seq: 41, has_the_end: true }));
        for wrong in ["", "-1", "+1", "1.5", "-end", "41-End", "9999999999999999999", " 1"] {
            assert_eq!(wrong.parse::<LastEventId>(), Err(()), "{wrong}");
        }
    }
}
