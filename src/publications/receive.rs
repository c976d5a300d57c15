//! Receiving an announcement: read it tolerantly, store it, and only then say yes. Nothing here asks Dataverse, Renku or the broker.
//!
//! Dataverse calls once and takes any 2xx for "received"; anything else loses its event, which the catch-up then finds.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::Publications;
use crate::domain::dataset::VersionNumber;
use crate::domain::ids::InstallationName;
use crate::domain::pid::{InvalidPid, Pid};
use crate::domain::ports::publications::{Announced, DatasetRef, NewPublication};
use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::publication::Source;

/// What a workflow's step says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Dataverse's name of the invocation that waits for us.
    pub invocation: String,
    /// Which dataset.
    pub pid: Pid,
    /// Dataverse's number of it.
    pub dataset_id: Option<i64>,
    /// Which version.
    pub version: Option<VersionNumber>,
}

/// What became of an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is stored.
    New,
    /// It was stored before.
    Again,
}

impl Announcement {
    /// Reads the body of a callback. Dataverse sends ISO-8859-1 without saying so, or UTF-8, depending on its release; unknown fields
    /// are ignored, and numbers may be text.
    ///
    /// # Errors
    /// `request-invalid` with the field.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let wrong =
            |field: &str, words: &str| Problem::new(ProblemCode::RequestInvalid).about(field).saying(words);
        let text = match std::str::from_utf8(body) {
            Ok(text) => text.to_owned(),
            // Each byte of ISO-8859-1 is the character of that number.
            Err(_not_utf8) => body.iter().copied().map(char::from).collect(),
        };
        let fields: Map<String, Value> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| wrong("body", &format!("this is no JSON object ({error})")))?;
        let words = |name: &str| match fields.get(name) {
            Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let number = |name: &str| words(name).and_then(|text| text.parse::<i64>().ok());
        let part = |name: &str| words(name).and_then(|text| text.parse::<u32>().ok());
        let invocation = words("invocationId").ok_or_else(|| wrong("invocationId", "it is missing"))?;
        // It becomes a part of an address.
        let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if invocation.len() > 64 || !invocation.chars().all(tame) {
            return Err(wrong("invocationId", "it is not the name of an invocation"));
        }
        let pid = words("globalId").ok_or_else(|| wrong("globalId", "it is missing"))?;
        let pid = pid.parse().map_err(|why: InvalidPid| wrong("globalId", &why.to_string()))?;
        let version = part("majorVersion")
            .map(|major| VersionNumber { major, minor: part("minorVersion").unwrap_or(0) });
        Ok(Self { invocation, pid, dataset_id: number("datasetId"), version })
    }
}

impl Publications {
    /// The installation of that name if this is one of its secrets. Takes as long for an unknown name as for a wrong secret.
    pub fn admits(&self, installation: &str, secret: &str) -> Option<InstallationName> {
        static NOBODY: LazyLock<InstallationName> =
            LazyLock::new(|| "0".parse().unwrap_or_else(|_| unreachable!()));
        let given: [u8; 32] = Sha256::digest(secret).into();
        let mut admitted = Choice::from(0);
        let mut named: &InstallationName = &NOBODY;
        for (name, digest) in self.secrets.iter() {
            let here = Choice::from(u8::from(name.as_str() == installation));
            admitted |= here & digest.ct_eq(&given);
            if name.as_str() == installation {
                named = name;
            }
        }
        bool::from(admitted).then(|| named.clone())
    }

    /// Stores an announcement and the invocation that waits for us; afterwards, both are set going in the background.
    ///
    /// # Errors
    /// When the store does not keep it at once. Dataverse's event is then lost to us unless it comes again.
    pub async fn receive(
        &self,
        installation: &InstallationName,
        announcement: Announcement,
    ) -> Result<Received, Fault> {
        let now = self.now();
        let name = announcement.invocation;
        let new = NewPublication {
            dataset: DatasetRef { installation: installation.clone(), pid: announcement.pid },
            dataset_id: announcement.dataset_id,
            announced: announcement.version,
            source: Source::Workflow,
            invocation: Some((name.clone(), now.plus(self.settings.resume.first))),
            now,
        };
        let dataset = new.dataset.pid.clone();
        self.engine.breakpoints.passes("callback.before-commit").await;
        let stored = tokio::time::timeout(self.settings.commit_within, self.rows.announce(new)).await;
        let stored = match stored {
            Ok(stored) => stored.map_err(store_fault)?,
            Err(elapsed) => {
                let problem = Problem::new(ProblemCode::StoreUnavailable);
                return Err(Fault::new(Class::Outage { after: None }, problem).caused_by(elapsed));
            }
        };
        self.engine.breakpoints.passes("callback.after-commit").await;
        match stored {
            Announced::Known => {
                tracing::info!(invocation.id = %name, %installation, %dataset, "announced again");
                Ok(Received::Again)
            }
            Announced::New(publication, invocation) => {
                tracing::info!(invocation.id = %name, publication.id = %publication.id, %installation, %dataset, "a publication is announced");
                metrics::counter!("dataverse_renku_publications_announced_total", "installation" => installation.to_string())
                    .increment(1);
                // In the background: a broker that is away must not make Dataverse wait.
                let this = self.clone();
                self.tasks.spawn(async move {
                    if let Some(invocation) = invocation {
                        this.nudge_invocation(&invocation).await;
                    }
                    this.nudge_publication(&publication).await;
                });
                Ok(Received::New)
            }
        }
    }
}

pub(super) fn store_fault(error: StoreError) -> Fault {
    let class = match &error {
        StoreError::Unavailable(_) => Class::Outage { after: None },
        StoreError::Unreadable(_) => Class::Permanent,
    };
    Fault::new(class, Problem::new(ProblemCode::StoreUnavailable)).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"invocationId":"2d1a6e1e-5b0f-4a5b-9a34-0c7f3d9b8e21","datasetId":42,"globalId":"doi:10.70122/FK2/ABCDEF","majorVersion":1,"minorVersion":0,"releaseStatus":"done"}"#;

    #[test]
    fn what_dataverse_sends_is_read() {
        let read = Announcement::parse(PLAIN.as_bytes()).unwrap();
        assert_eq!(read.invocation, "2d1a6e1e-5b0f-4a5b-9a34-0c7f3d9b8e21");
        assert_eq!(read.pid.to_string(), "doi:10.70122/FK2/ABCDEF");
        assert_eq!((read.dataset_id, read.version.unwrap().to_string()), (Some(42), "1.0".to_owned()));
    }

    #[test]
    fn latin_1_unknown_fields_and_numbers_as_text_are_read() {
        let text = PLAIN.replace("42", "\"42\"").replace("\"done\"", "\"café\",\"more\":{\"x\":[]}");
        let utf8 = Announcement::parse(text.as_bytes()).unwrap();
        let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(Announcement::parse(&latin1).unwrap(), utf8);
        assert_eq!(utf8.dataset_id, Some(42));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_its_field() {
        let field = |body: &str| Announcement::parse(body.as_bytes()).unwrap_err().field.unwrap();
        assert_eq!(field("hello"), "body");
        assert_eq!(field("[]"), "body");
        assert_eq!(field("{}"), "invocationId");
        assert_eq!(field(&PLAIN.replace("2d1a6e1e", "../../admin")), "invocationId");
        assert_eq!(field(r#"{"invocationId":"a"}"#), "globalId");
        assert_eq!(field(&PLAIN.replace("doi:10.70122/FK2/ABCDEF", "what")), "globalId");
    }
}
