//! `doctor`: looks at everything that an import needs, and says what is wrong in words and with the commands that mend it.
//!
//! What is looked at is in the room `doctor`; here it is told.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::{DoctorArgs, TokenGetArgs};
use super::{Named, out, token};
use crate::adapters::http::{self, Recorder};
use crate::app;
use crate::config::{Config, ConfigFault, environment};
use crate::doctor::{Check, Finding, Mark, Note, Program, commands};
use crate::domain::ports::identity::{Claims, CredentialState, GrantedTokens};
use crate::domain::ports::probe::StoredSignIn;
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::project::InvalidAddress;
use crate::domain::secret_words;
use crate::texts::{Language, problem_remedy, problem_title, text, turn};

const HERE: &str = "here";

pub(super) async fn run(
    file: Option<&Path>,
    program: &Program,
    args: DoctorArgs,
) -> anyhow::Result<ExitCode> {
    let language = args.language.as_deref().and_then(Language::of_tag).unwrap_or_default();
    let record = Recorder::default();
    let (findings, config) = match Config::load(file, environment()) {
        Ok((config, warnings)) => {
            let mut findings: Vec<Finding> = warnings
                .iter()
                .map(|warning| {
                    let missing = matches!(warning.key.as_str(), "dataverse" | "renku");
                    let note = if missing { Note::NothingToImport } else { Note::Risky };
                    Finding::look(HERE, Check::Configuration, note, warning.to_string())
                })
                .collect();
            if findings.is_empty() {
                findings.push(Finding::fine(HERE, Check::Configuration, ""));
            }
            let mut doctor = app::doctor(&config)?;
            doctor.program.clone_from(program);
            for renku in &mut doctor.renkus {
                renku.place.program.clone_from(program);
            }
            if let Some(project) = &args.project {
                let problem = |words: String| Problem::new(ProblemCode::ProjectAddressInvalid).saying(words);
                doctor.project =
                    Some(project.parse().map_err(|why: InvalidAddress| Named(problem(why.to_string())))?);
            }
            let mut beside = None;
            if args.sign_in {
                let (name, renku) = token::chosen(&config, args.renku.as_deref())?;
                let how = TokenGetArgs { device: args.device, ..TokenGetArgs::default() };
                let signed_in = Box::pin(token::signed_in(&config, (name, renku), &how));
                let (mut place, got) = http::recorded(Arc::clone(&record), signed_in).await?;
                match got {
                    Ok((tokens, claims)) => doctor.present.push((name.clone(), present(tokens, claims))),
                    Err(fault) => {
                        place.program.clone_from(program);
                        let commands = commands(&fault.problem, &place);
                        let subject = format!("renku.{name}");
                        beside = Some(Finding::broken(&subject, Check::SignIn, fault.problem).with(commands));
                    }
                }
            }
            findings.extend(http::recorded(Arc::clone(&record), Box::pin(doctor.examine())).await);
            // What is wrong at the client or the realm is told already, under its own name.
            let told = |code| {
                findings.iter().any(|finding| finding.problem.as_ref().is_some_and(|p| p.code == code))
            };
            findings.extend(
                beside.filter(|beside| !beside.problem.as_ref().is_some_and(|problem| told(problem.code))),
            );
            (findings, Some(config))
        }
        Err(faults) => (faults.iter().map(misconfigured).collect(), None),
    };
    let sound = findings.iter().all(|finding| finding.mark != Mark::Broken);
    if let Some(file) = &args.record {
        let exchanges = record.lock().map(|lines| lines.clone()).unwrap_or_default();
        let transcript = transcript(&findings, &exchanges, config.as_ref());
        std::fs::write(file, transcript).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if args.json {
        let findings: Vec<Value> = findings.iter().map(|finding| as_json(finding, language)).collect();
        out::json(&json!({"sound": sound, "findings": findings}))?;
    } else {
        for finding in &findings {
            tell(finding, language);
        }
        tell_end(&findings, sound, language, config.as_ref());
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn misconfigured(fault: &ConfigFault) -> Finding {
    let problem = Problem::new(ProblemCode::ConfigurationInvalid).about(fault.key.clone());
    Finding::broken(HERE, Check::Configuration, problem.saying(fault.to_string()))
}

const fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Fine => "✓",
        Mark::Look => "!",
        Mark::Broken => "✗",
        Mark::Skipped => "–",
    }
}

fn title(finding: &Finding, language: Language) -> String {
    text(language, &format!("doctor-check-{}", finding.check.as_str()), &[])
}

fn noted(note: Note, language: Language) -> String {
    text(language, &format!("doctor-note-{}", note.as_str()), &[])
}

fn tell(finding: &Finding, language: Language) {
    let seen = if finding.seen.is_empty() { String::new() } else { format!(": {}", finding.seen) };
    out::line(format!("{} {:<20} {}{seen}", sign(finding.mark), finding.subject, title(finding, language)));
    if let Some(problem) = &finding.problem {
        out::line(format!("    {} ({})", problem_title(language, problem.code), problem.code));
        if let Some(words) = &problem.words {
            out::line(format!("    {words}"));
        }
        out::line(format!(
            "    {}: {}",
            turn(language, problem.code.turn()),
            problem_remedy(language, problem.code)
        ));
    }
    for line in &finding.diff {
        out::line(format!("      {line}"));
    }
    if let Some(note) = finding.note.filter(|_| finding.mark != Mark::Skipped) {
        out::line(format!("    {}", noted(note, language)));
    }
    if !finding.commands.is_empty() && finding.problem.is_some() {
        out::line(format!("    {}", text(language, "doctor-mend-with", &[])));
    }
    for command in &finding.commands {
        out::line(format!("      {command}"));
    }
}

fn tell_end(findings: &[Finding], sound: bool, language: Language, config: Option<&Config>) {
    let by_kcadm = |finding: &&Finding| finding.commands.iter().any(|command| command.contains("kcadm.sh"));
    let renku = findings.iter().find(by_kcadm).and_then(|finding| {
        let name = finding.subject.strip_prefix("renku.")?;
        config?.renku.iter().find(|(known, _)| known.as_str() == name).map(|(_, renku)| renku)
    });
    if let Some(renku) = renku {
        let issuer = renku.oidc.issuer.as_str();
        let server = issuer.split_once("/realms/").map_or(issuer, |(server, _)| server);
        out::line("");
        out::line(text(language, "doctor-sign-in-kcadm", &[]));
        out::line(format!("      kcadm.sh config credentials --server {server} --realm master --user ADMIN"));
    }
    out::line("");
    let nothing_yet = findings.iter().any(|finding| finding.note == Some(Note::NothingToImport));
    let end = match (sound, nothing_yet) {
        (true, false) => "doctor-all-well",
        (true, true) => "doctor-nothing-yet",
        (false, _) => "doctor-some-wrong",
    };
    out::line(text(language, end, &[]));
}

fn as_json(finding: &Finding, language: Language) -> Value {
    let mut told = json!(finding);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("title".to_owned(), title(finding, language).into());
        if let Some(problem) = &finding.problem {
            fields.insert("code".to_owned(), problem.code.as_str().into());
            fields.insert("turn".to_owned(), problem.code.turn().as_str().into());
            fields.insert("what".to_owned(), problem_title(language, problem.code).into());
            fields.insert("remedy".to_owned(), problem_remedy(language, problem.code).into());
        }
        if let Some(note) = finding.note {
            fields.insert("said".to_owned(), noted(note, language).into());
        }
    }
    told
}

/// Somebody who signed in just now.
fn present(tokens: GrantedTokens, claims: Claims) -> StoredSignIn {
    StoredSignIn {
        username: claims.username,
        access: AccessToken::new(tokens.access),
        access_until: tokens.access_until,
        refresh: tokens.refresh,
        state: CredentialState::Active,
    }
}

/// What can be attached to a report: the findings, what was said and answered, and the configuration; every secret taken out.
fn transcript(findings: &[Finding], exchanges: &[String], config: Option<&Config>) -> String {
    let mut lines = vec![format!("dataverse-renku {} doctor", env!("CARGO_PKG_VERSION")), String::new()];
    for finding in findings {
        let problem = finding.problem.as_ref().map(ToString::to_string).unwrap_or_default();
        let note = finding.note.map(Note::as_str).unwrap_or_default();
        let line = format!(
            "{} {} {} {} ms {} {note} {problem}",
            sign(finding.mark),
            finding.subject,
            finding.check.as_str(),
            finding.elapsed_ms,
            finding.seen,
        );
        lines.push(secret_words::cleaned(line.trim_end()));
        lines.extend(finding.diff.iter().map(|line| secret_words::cleaned(&format!("    {line}"))));
    }
    lines.push(String::new());
    lines.extend_from_slice(exchanges);
    lines.push(String::new());
    lines.extend(config.map(Config::show));
    lines.join("\n")
}
