//! The wire form: a small versioned JSON body for us, properties and headers for the operator's eyes.
//!
//! Where a letter goes is the topology's business.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use serde::{Deserialize, Serialize};

use super::error::RabbitError;
use crate::domain::ids::{ImportId, InstallationName, InvocationId, PublicationId, RenkuName};
use crate::domain::import::Phase;
use crate::domain::pid::Pid;
use crate::domain::ports::queue::{Lane, Message, Story, Subject};
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::time::Timestamp;

/// The version that is written and understood.
const VERSION: u32 = 1;

/// What fits comfortably into the dashboard, in characters.
const LONGEST_REASON: usize = 500;

const DURABLE: u8 = 2;

const APP_ID: &str = concat!("dataverse-renku/", env!("CARGO_PKG_VERSION"));

/// A message as it is handed to the broker.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) exchange: ShortString,
    pub(super) key: ShortString,
    pub(super) body: Vec<u8>,
    pub(super) properties: BasicProperties,
}

/// Why a body is no message of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undecodable {
    #[error("the message is not JSON of the expected form: {0}")]
    Form(serde_json::Error),
    #[error("the message has version {0}, and this program knows version 1 only")]
    Version(u32),
    #[error("the message names nothing of its kind")]
    NoSubject,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "import.advance")]
    Advance,
    #[serde(rename = "import.parked")]
    Parked,
    #[serde(rename = "publication.fan-out")]
    FanOut,
    #[serde(rename = "workflow.resume")]
    Resume,
}

impl Kind {
    const fn of(message: &Message) -> Self {
        match message.subject {
            Subject::Import(_) if message.parked => Self::Parked,
            Subject::Import(_) => Self::Advance,
            Subject::Publication(_) => Self::FanOut,
            Subject::Invocation(_) => Self::Resume,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Advance => "import.advance",
            Self::Parked => "import.parked",
            Self::FanOut => "publication.fan-out",
            Self::Resume => "workflow.resume",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    v: u32,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<ImportId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publication: Option<PublicationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invocation: Option<InvocationId>,
    revision: i64,
    lane: Lane,
    made_at: Timestamp,
    story: StoryBody,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoryBody {
    dataset: Pid,
    installation: InstallationName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    renku: Option<RenkuName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemCode>,
}

#[derive(Debug, Deserialize)]
struct Versioned {
    v: u32,
}

/// The letter that nudges the import.
pub(super) fn nudge(message: &Message, way: (ShortString, ShortString)) -> Result<Letter, RabbitError> {
    letter(message, way, headers(&message.story))
}

/// The letter that shows a parked import, and sends it on when it is moved to a lane.
pub(super) fn parked(
    message: &Message,
    problem: &Problem,
    way: (ShortString, ShortString),
) -> Result<Letter, RabbitError> {
    let message = Message { parked: true, ..message.clone() };
    let mut headers = headers(&message.story);
    headers.insert("problem".into(), text(problem.code.as_str()));
    let reason = problem.words.as_deref().unwrap_or_else(|| problem.code.as_str());
    headers.insert("reason".into(), text(&shortened(reason)));
    letter(&message, way, headers)
}

/// The same letter for the parked queue, with the reason and the queue that it lay in.
pub(super) fn unreadable(
    body: Vec<u8>,
    properties: BasicProperties,
    reason: &Undecodable,
    came_from: &str,
    way: (ShortString, ShortString),
) -> Letter {
    let mut headers = properties.headers().clone().unwrap_or_default();
    headers.insert("reason".into(), text(&shortened(&reason.to_string())));
    headers.insert("came-from".into(), text(came_from));
    let properties = properties.with_headers(headers).with_delivery_mode(DURABLE);
    Letter { exchange: way.0, key: way.1, body, properties }
}

/// Reads a body that lay in the queue of `lane`; the queue counts, since an operator may have moved it there.
pub(super) fn decode(body: &[u8], lane: Lane) -> Result<Message, Undecodable> {
    let Versioned { v } = serde_json::from_slice(body).map_err(Undecodable::Form)?;
    if v != VERSION {
        return Err(Undecodable::Version(v));
    }
    let body: Body = serde_json::from_slice(body).map_err(Undecodable::Form)?;
    let story = body.story;
    let subject = match body.kind {
        Kind::Advance | Kind::Parked => body.import.map(Subject::Import),
        Kind::FanOut => body.publication.map(Subject::Publication),
        Kind::Resume => body.invocation.map(Subject::Invocation),
    };
    Ok(Message {
        subject: subject.ok_or(Undecodable::NoSubject)?,
        revision: body.revision,
        lane,
        parked: matches!(body.kind, Kind::Parked),
        made_at: body.made_at,
        story: Story {
            dataset: story.dataset,
            installation: story.installation,
            renku: story.renku,
            phase: story.phase,
            attempt: story.attempt,
            problem: story.problem,
        },
    })
}

fn letter(
    message: &Message,
    (exchange, key): (ShortString, ShortString),
    headers: FieldTable,
) -> Result<Letter, RabbitError> {
    let Story { dataset, installation, renku, phase, attempt, problem } = message.story.clone();
    let kind = Kind::of(message);
    let (mut import, mut publication, mut invocation) = (None, None, None);
    match message.subject {
        Subject::Import(id) => import = Some(id),
        Subject::Publication(id) => publication = Some(id),
        Subject::Invocation(id) => invocation = Some(id),
    }
    let body = Body {
        v: VERSION,
        kind,
        import,
        publication,
        invocation,
        revision: message.revision,
        lane: message.lane,
        made_at: message.made_at,
        story: StoryBody { dataset, installation, renku, phase, attempt, problem },
    };
    let body = serde_json::to_vec(&body).map_err(RabbitError::Unwritable)?;
    let seconds = u64::try_from(message.made_at.as_millis() / 1_000).unwrap_or(0);
    let properties = BasicProperties::default()
        .with_type(kind.as_str().into())
        .with_message_id(message.subject.to_string().into())
        .with_timestamp(seconds)
        .with_app_id(APP_ID.into())
        .with_content_type("application/json".into())
        .with_delivery_mode(DURABLE)
        .with_headers(headers);
    Ok(Letter { exchange, key, body, properties })
}

fn headers(story: &Story) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert("dataset".into(), text(&story.dataset.to_string()));
    headers.insert("installation".into(), text(story.installation.as_str()));
    if let Some(renku) = &story.renku {
        headers.insert("renku".into(), text(renku.as_str()));
    }
    if let Some(phase) = story.phase {
        headers.insert("phase".into(), text(phase.as_str()));
    }
    headers.insert("attempt".into(), AMQPValue::LongLongInt(story.attempt.into()));
    if let Some(problem) = story.problem {
        headers.insert("problem".into(), text(problem.as_str()));
    }
    headers
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", reason.get(..end).unwrap_or_default()),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            subject: Subject::Import("0192f0c1-8a3e-7000-8000-000000000001".parse().unwrap()),
            revision: 12,
            lane: Lane::ImportsAtRenku,
            parked: false,
            made_at: Timestamp::from_millis(1_790_000_000_123),
            story: Story {
                dataset: "doi:10.5072/FK2/ABCDEF".parse().unwrap(),
                installation: "demo".parse().unwrap(),
                renku: Some("main".parse().unwrap()),
                phase: Some(Phase::Running),
                attempt: 3,
                problem: Some(ProblemCode::RenkuUnreachable),
            },
        }
    }

    fn way() -> (ShortString, ShortString) {
        ("x".into(), "k".into())
    }

    fn header(letter: &Letter, name: &str) -> String {
        match letter.properties.headers().as_ref().unwrap().inner().get(name) {
            Some(AMQPValue::LongString(value)) => value.to_string(),
            Some(AMQPValue::LongLongInt(value)) => value.to_string(),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn the_wire_form_of_version_1_does_not_change() {
        let letter = nudge(&message(), way()).unwrap();
        assert_eq!(
            String::from_utf8(letter.body.clone()).unwrap(),
            r#"{"v":1,"kind":"import.advance","import":"0192f0c1-8a3e-7000-8000-000000000001","revision":12,"#
                .to_owned()
                + r#""lane":"imports-at-renku","made_at":1790000000123,"story":{"dataset":"doi:10.5072/FK2/ABCDEF","#
                + r#""installation":"demo","renku":"main","phase":"running","attempt":3,"problem":"renku-unreachable"}}"#
        );
        assert_eq!(decode(&letter.body, Lane::ImportsAtRenku).unwrap(), message());
    }

    #[test]
    fn the_operator_reads_a_story() {
        let letter = nudge(&message(), way()).unwrap();
        let properties = &letter.properties;
        assert_eq!(properties.kind().as_ref().unwrap().as_str(), "import.advance");
        assert_eq!(properties.message_id().as_ref().unwrap().as_str(), message().subject.to_string());
        assert_eq!(*properties.timestamp(), Some(1_790_000_000));
        assert_eq!(*properties.delivery_mode(), Some(2));
        assert!(properties.app_id().as_ref().unwrap().as_str().starts_with("dataverse-renku/"));
        for (name, value) in [
            ("dataset", "doi:10.5072/FK2/ABCDEF"),
            ("installation", "demo"),
            ("renku", "main"),
            ("phase", "running"),
            ("attempt", "3"),
            ("problem", "renku-unreachable"),
        ] {
            assert_eq!(header(&letter, name), value);
        }
    }

    #[test]
    fn a_parked_letter_says_why_and_is_parked_wherever_it_is_moved() {
        let problem = Problem::new(ProblemCode::ProjectBusy).saying("é".repeat(900));
        let letter = parked(&message(), &problem, way()).unwrap();
        assert_eq!(header(&letter, "problem"), "project-busy");
        assert_eq!(header(&letter, "reason").chars().count(), LONGEST_REASON + 1);
        let moved = decode(&letter.body, Lane::ImportsToSubmit).unwrap();
        assert_eq!(moved, Message { parked: true, lane: Lane::ImportsToSubmit, ..message() });
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        let reason = |body: &str| decode(body.as_bytes(), Lane::ImportsAtRenku).unwrap_err();
        assert!(matches!(reason("hello"), Undecodable::Form(_)));
        assert!(matches!(reason(r#"{"v":2,"anything":true}"#), Undecodable::Version(2)));
        assert!(matches!(reason(r#"{"v":1,"kind":"import.advance"}"#), Undecodable::Form(_)));
        let body = String::from_utf8(nudge(&message(), way()).unwrap().body).unwrap();
        assert!(matches!(reason(&body.replace("import.advance", "workflow.resume")), Undecodable::NoSubject));
    }

    #[test]
    fn publications_and_workflows_have_letters_of_their_own() {
        let id: uuid::Uuid = "0192f0c1-8a3e-7000-8000-000000000002".parse().unwrap();
        let subjects = [
            (
                Subject::Publication(PublicationId::from_uuid(id)),
                Lane::PublicationsToFanOut,
                "publication.fan-out",
            ),
            (Subject::Invocation(InvocationId::from_uuid(id)), Lane::WorkflowsToResume, "workflow.resume"),
        ];
        for (subject, lane, kind) in subjects {
            let story = Story { renku: None, phase: None, ..message().story };
            let message = Message { subject, lane, story, ..message() };
            let letter = nudge(&message, way()).unwrap();
            assert_eq!(letter.properties.kind().as_ref().unwrap().as_str(), kind);
            assert_eq!(decode(&letter.body, lane).unwrap(), message);
        }
    }

    #[test]
    fn an_unreadable_letter_keeps_what_it_had() {
        let Letter { properties, .. } = nudge(&message(), way()).unwrap();
        let letter =
            unreadable(b"?".to_vec(), properties, &Undecodable::Version(7), "p.imports-at-renku", way());
        assert_eq!(letter.body, b"?");
        assert_eq!(header(&letter, "came-from"), "p.imports-at-renku");
        assert_eq!(header(&letter, "dataset"), "doi:10.5072/FK2/ABCDEF");
        assert!(header(&letter, "reason").contains("version 7"));
    }
}
