//! What this service stands on: key, database, broker.
//!
//! The configuration was read before; what is wrong in it is told by whoever read it.

use std::time::Duration;

use super::{Check, Doctor, Finding, Note};
use crate::domain::ports::probe::Broker;
use crate::domain::problem::{Fault, ProblemCode};

const HERE: &str = "here";

impl Doctor {
    pub(super) async fn here(&self) -> Vec<Finding> {
        let key = self.within(ProblemCode::VaultKeyWrong, self.ground.key());
        let store = self.within(ProblemCode::StoreUnavailable, self.ground.store());
        let broker = self.within(ProblemCode::QueueUnavailable, self.ground.broker());
        let (key, store, (broker, took)) = futures_util::future::join3(key, store, broker).await;
        let broker = match broker {
            Ok(Broker::Embedded) => Finding::fine(HERE, Check::Broker, "embedded:"),
            Ok(Broker::Reached { missing }) if missing.is_empty() => {
                Finding::fine(HERE, Check::Broker, "RabbitMQ")
            }
            Ok(Broker::Reached { missing }) => {
                Finding::look(HERE, Check::Broker, Note::QueuesMissing, missing.join(", "))
            }
            Err(fault) => Finding::broken(HERE, Check::Broker, fault.problem),
        };
        vec![plain(Check::Key, key), plain(Check::Store, store), broker.after(took)]
    }
}

fn plain(check: Check, (answer, took): (Result<(), Fault>, Duration)) -> Finding {
    let finding = match answer {
        Ok(()) => Finding::fine(HERE, check, ""),
        Err(fault) => {
            let old_schema = fault.problem.code == ProblemCode::SchemaNotCurrent;
            let commands = old_schema.then(|| "dataverse-renku migrate".to_owned()).into_iter().collect();
            Finding::broken(HERE, check, fault.problem).with(commands)
        }
    };
    finding.after(took)
}
