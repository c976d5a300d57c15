//! A Dataverse: its version and what that version cannot do, our button there, and what only its own machine can show.
//!
//! What is registered how is the business of `register`; here it is compared.

use serde_json::Value;

use super::{Check, Doctor, Finding, Installation, Note, Program, clock};
use crate::domain::ports::probe::DataverseFacts;
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::registered::differences;

/// Where the Dataverse's own machine has it; the installer puts it there.
const HOST: &str = "http://localhost:8080";

impl Doctor {
    pub(super) async fn installation(&self, installation: &Installation) -> Vec<Finding> {
        let subject = format!("dataverse.{}", installation.name);
        let (facts, took) = self.within(ProblemCode::DataverseUnreachable, installation.probe.facts()).await;
        let facts = match facts {
            Ok(facts) => facts,
            Err(fault) => {
                return vec![
                    Finding::broken(&subject, Check::Dataverse, fault.problem).after(took),
                    Finding::skipped(&subject, Check::Tool),
                ];
            }
        };
        let version =
            Finding::fine(&subject, Check::Dataverse, facts.version.clone()).noting(hole(&facts)).after(took);
        let mut findings = vec![version];
        findings.extend(clock(&subject, facts.ahead_ms));
        findings.push(self.tool(installation, &subject, &facts).await);
        if installation.https {
            let (note, sets) = if facts.at_least(6, 10) {
                (Note::ProxyHeader, "x-forwarded-proto")
            } else {
                (Note::ProxyBefore, "ajp")
            };
            let command = format!("grep -rin {sets} /etc/nginx /etc/apache2 /etc/httpd");
            findings.push(Finding::look(&subject, Check::SignedAddresses, note, "").with(vec![command]));
        }
        findings.extend(workflow(&self.program, installation, &subject, &facts));
        findings
    }

    async fn tool(&self, installation: &Installation, subject: &str, facts: &DataverseFacts) -> Finding {
        if !facts.at_least(5, 14) {
            return Finding::look(subject, Check::Tool, Note::ToolsTooOld, facts.version.clone());
        }
        if !facts.at_least(6, 6) {
            return Finding::look(subject, Check::Tool, Note::ToolsHidden, "")
                .with(vec![format!("curl -s {HOST}/api/admin/externalTools")]);
        }
        let (tools, took) = self.within(ProblemCode::DataverseUnreachable, installation.probe.tools()).await;
        let register = vec![format!("{} register --installation {}", self.program, installation.name)];
        let finding = match tools {
            Err(fault) => Finding::broken(subject, Check::Tool, fault.problem),
            Ok(tools) => match drift(&tools, &installation.tool) {
                None => {
                    let problem = Problem::new(ProblemCode::ToolNotRegistered);
                    Finding::broken(subject, Check::Tool, problem).with(register)
                }
                Some(differs) if differs.is_empty() => {
                    Finding::fine(subject, Check::Tool, address(&installation.tool))
                }
                Some(differs) => {
                    let problem = Problem::new(ProblemCode::ToolDiffers);
                    Finding { diff: differs, ..Finding::broken(subject, Check::Tool, problem) }.with(register)
                }
            },
        };
        finding.after(took)
    }
}

/// What this version is known for, where it touches us.
fn hole(facts: &DataverseFacts) -> Option<Note> {
    if !facts.at_least(5, 4) || facts.at_least(6, 12) {
        return None;
    }
    Some(if facts.at_least(6, 10) { Note::SignsWrongly } else { Note::AnnouncesEarly })
}

fn address(tool: &Value) -> &str {
    tool.get("toolUrl").and_then(Value::as_str).unwrap_or_default()
}

/// How the registered tool with our address differs from ours, as a diff; `None` if there is none.
pub fn drift(registered: &[Value], ours: &Value) -> Option<Vec<String>> {
    let found = registered.iter().find(|tool| address(tool) == address(ours))?;
    Some(differences(found, ours))
}

fn workflow(
    program: &Program,
    installation: &Installation,
    subject: &str,
    facts: &DataverseFacts,
) -> Vec<Finding> {
    // With this program there, the second shows what differs, and changes nothing.
    let register = format!("{program} register --installation {} --admin-url {HOST}", installation.name);
    let look = |check, note, paths: &[&str]| {
        let asked = paths.iter().map(|path| format!("curl -s {HOST}{path}"));
        let ours = (!paths.is_empty()).then(|| register.clone());
        Finding::look(subject, check, note, "").with(asked.chain(ours).collect())
    };
    if !facts.at_least(5, 4) {
        return vec![look(Check::Workflow, Note::WorkflowsTooOld, &[])];
    }
    if !installation.announces {
        return vec![look(Check::Workflow, Note::NoWorkflowSecret, &[])];
    }
    vec![
        look(Check::Workflow, Note::WorkflowUnseen, &["/api/admin/workflows/default/PostPublishDataset"]),
        look(Check::ResumeAddresses, Note::ResumeUnseen, &["/api/admin/workflows/ip-whitelist"]),
    ]
}
