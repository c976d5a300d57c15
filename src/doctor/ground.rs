//! What this service stands on: key, database, broker and its management interface.
//!
//! The configuration was read before; what is wrong in it is told by whoever read it.

use std::time::Duration;

use futures_util::future;

use super::mend::quoted;
use super::{Check, Doctor, Finding, Note, Program};
use crate::domain::ports::probe::{Broker, Made, Management};
use crate::domain::problem::{Fault, ProblemCode};

const HERE: &str = "here";
/// Quorum queues that hand on what they give up, safely (RabbitMQ 3.10).
const OLDEST_BROKER: (u32, u32) = (3, 10);

impl Doctor {
    pub(super) async fn here(&self) -> Vec<Finding> {
        let key = self.within(ProblemCode::VaultKeyWrong, self.ground.key());
        let store = self.within(ProblemCode::StoreUnavailable, self.ground.store());
        let broker = self.within(ProblemCode::QueueUnavailable, self.ground.broker());
        let managed = async { Ok(self.ground.management().await) };
        let managed = self.within(ProblemCode::QueueUnavailable, managed);
        let (key, store, (seen, took), managed) = future::join4(key, store, broker, managed).await;
        let unseen = seen.is_err();
        let mut findings = vec![
            plain(&self.program, Check::Key, key),
            plain(&self.program, Check::Store, store),
            broker_of(seen).after(took),
        ];
        findings.extend(managed_by(managed, unseen));
        findings
    }
}

fn broker_of(seen: Result<Broker, Fault>) -> Finding {
    let (called, version, missing) = match seen {
        Ok(Broker::Embedded) => return Finding::fine(HERE, Check::Broker, "embedded:"),
        Ok(Broker::Reached { product, version, missing }) => {
            (format!("{product} {version}").trim_end().to_owned(), version, missing)
        }
        Err(fault) => return Finding::broken(HERE, Check::Broker, fault.problem),
    };
    if old(&version) {
        return Finding::look(HERE, Check::Broker, Note::BrokerOld, called);
    }
    if !missing.is_empty() {
        return Finding::look(
            HERE,
            Check::Broker,
            Note::QueuesMissing,
            format!("{called}: {}", missing.join(", ")),
        );
    }
    Finding::fine(HERE, Check::Broker, called)
}

/// Whether the broker is older than what our queues need; what cannot be read counts as new.
fn old(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST_BROKER,
        (_, _) => false,
    }
}

/// Nothing of ours needs the management interface: what is wrong with it is a thing to look at.
fn managed_by(
    (seen, took): (Result<Option<(Management, String)>, Fault>, Duration),
    unseen: bool,
) -> Option<Finding> {
    let look = |note, seen: String, command: String| {
        Finding::look(HERE, Check::Management, note, seen).with(vec![command])
    };
    let enable = || "rabbitmq-plugins enable rabbitmq_management".to_owned();
    let finding = match seen {
        Ok(None) => return None,
        Ok(Some((Management::NotNamed, _))) if unseen => return None,
        Ok(Some((Management::NotNamed, _))) => look(
            Note::ManagementUnseen,
            String::new(),
            "rabbitmq-plugins list -e rabbitmq_management".to_owned(),
        ),
        Ok(Some((Management::Answers { version }, address))) => {
            Finding::fine(HERE, Check::Management, format!("{address}, {version}"))
        }
        Ok(Some((Management::Refused { user }, address))) => {
            let tagged = format!("rabbitmqctl set_user_tags {} management", quoted(&user));
            look(Note::ManagementRefused, format!("{address}, {user}"), tagged)
        }
        Ok(Some((Management::Silent { words }, address))) => {
            look(Note::ManagementSilent, format!("{address}: {words}"), enable())
        }
        Err(fault) => look(Note::ManagementSilent, fault.problem.words.unwrap_or_default(), enable()),
    };
    Some(finding.after(took))
}

fn plain(program: &Program, check: Check, (answer, took): (Result<Made, Fault>, Duration)) -> Finding {
    let finding = match answer {
        Ok(Made::There) => Finding::fine(HERE, check, ""),
        Ok(Made::NotYet(path)) => Finding::look(HERE, check, Note::NotYet, path.display().to_string()),
        Err(fault) => {
            let old_schema = fault.problem.code == ProblemCode::SchemaNotCurrent;
            let commands = old_schema.then(|| format!("{program} migrate")).into_iter().collect();
            Finding::broken(HERE, check, fault.problem).with(commands)
        }
    };
    finding.after(took)
}
