//! How an import looks to the person it is for: the words for where it stands, its stages, its end, and what can be done.
//!
//! Nothing is decided about the import here; the JSON for programs is in `view`.

mod notice;
mod stages;

pub(crate) use notice::{Act, Notice, Tone};
pub(crate) use stages::Stage;

use crate::domain::import::{Condition, End, Import, Phase, State};
use crate::domain::ports::store::TimelineEntry;
use crate::domain::project::RenkuApi;
use crate::domain::time::Timestamp;
use crate::texts::amounts::{moment, size};
use crate::texts::{self, Language, text};
use crate::web::Context;

/// Everything of an import's page below its heading.
#[derive(Debug)]
pub(crate) struct Progress {
    /// One short sentence for those who hear the page.
    pub(crate) said: String,
    /// Whether it goes on by itself, so that the page should be looked at again.
    pub(crate) open: bool,
    pub(crate) notice: Option<Notice>,
    pub(crate) stages: Vec<Stage>,
    /// What else can be done, under everything.
    pub(crate) acts: Vec<Act>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) timeline: Vec<Line>,
}

/// A name and a value, with an address where there is one.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) to: Option<String>,
}

/// A line of the timeline.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) iso: String,
    pub(crate) at: String,
    pub(crate) event: String,
    pub(crate) problem: Option<String>,
    pub(crate) words: Option<String>,
}

/// What a look at an import is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    pub(crate) context: &'a Context,
    pub(crate) language: Language,
    pub(crate) import: &'a Import,
    pub(crate) timeline: &'a [TimelineEntry],
    pub(crate) now: Timestamp,
}

impl Look<'_> {
    fn say(&self, name: &str) -> String {
        text(self.language, name, &[])
    }

    fn say_with(&self, name: &str, key: &'static str, value: &str) -> String {
        text(self.language, name, &[(key, value.into())])
    }

    fn is_data(&self) -> bool {
        self.import.order.api == RenkuApi::Data
    }

    fn path(&self) -> String {
        format!("/imports/{}", self.import.id)
    }

    /// The page's content.
    pub(crate) fn progress(&self) -> Progress {
        let stages = self.stages();
        let notice = self.notice();
        let current = stages.iter().find(|stage| stage.is_current()).map(|stage| stage.name.clone());
        let said = notice
            .as_ref()
            .map(|notice| notice.heading.clone())
            .or(current)
            .unwrap_or_else(|| texts::phase(self.language, self.import.state.phase()));
        Progress {
            said,
            open: self.is_open(),
            notice,
            stages,
            acts: self.other_acts(),
            facts: self.facts(),
            timeline: self.timeline.iter().map(|entry| self.line(entry)).collect(),
        }
    }

    /// Whether something still happens by itself: also what a cancelled import left at Renku.
    fn is_open(&self) -> bool {
        match &self.import.state {
            State::Open { .. } | State::Ended { end: End::Cancelled { left: Some(_) } } => true,
            State::Ended { .. } => false,
        }
    }

    fn line(&self, entry: &TimelineEntry) -> Line {
        let title =
            |problem: &crate::domain::problem::Problem| texts::problem_title(self.language, problem.code);
        Line {
            iso: entry.at.to_string(),
            at: moment(self.language, entry.at),
            event: texts::event(self.language, &entry.event),
            problem: entry.problem.as_ref().map(title),
            words: entry.problem.as_ref().and_then(|problem| problem.words.clone()),
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let order = &self.import.order;
        let fact = |name: &str, value: String| Fact { name: self.say(name), value, to: None };
        let linked = |name: &str, value: String, to: String| Fact { to: Some(to), ..fact(name, value) };
        let mut facts = vec![
            linked("import-project", order.project.path().to_owned(), order.project.to_string()),
            fact("import-renku", self.context.renku_title(&order.renku).to_owned()),
        ];
        let plan = self.import.state.plan();
        let version = plan.map(|plan| plan.version).or(order.version);
        facts.extend(version.map(|version| fact("import-version", version.to_string())));
        if let Some(plan) = plan {
            let values = [("count", plan.files.into()), ("size", size(self.language, plan.bytes).into())];
            facts.push(fact("import-files", text(self.language, "import-files-and-size", &values)));
            // A link has no name of its own.
            if !self.is_data() {
                facts.push(fact("import-name", plan.name.to_string()));
            }
        }
        facts.push(fact("import-asked-for", moment(self.language, self.import.created_at)));
        facts
    }
}

/// The few words for an import in a list, and how they are coloured beside that.
pub(crate) fn badge(language: Language, import: &Import) -> (String, Tone) {
    let phase = import.state.phase();
    match &import.state {
        State::Open { condition: Condition::None, .. } => (texts::phase(language, phase), Tone::Work),
        State::Open { condition: condition @ Condition::SignIn { .. }, .. } => {
            (texts::condition(language, condition), Tone::Warn)
        }
        State::Open {
            condition: condition @ (Condition::RetryAt { .. } | Condition::Dataset { .. }),
            ..
        } => (texts::condition(language, condition), Tone::Work),
        State::Ended { end: End::Succeeded { result, .. } } => {
            let whole = result.outcome == crate::domain::import::Outcome::Complete;
            let words =
                if whole { texts::phase(language, phase) } else { texts::outcome(language, result.outcome) };
            (words, if whole { Tone::Good } else { Tone::Warn })
        }
        State::Ended { end: End::Failed { .. } } => (texts::phase(language, phase), Tone::Bad),
        State::Ended { end: End::Parked { .. } } => (texts::phase(language, phase), Tone::Warn),
        State::Ended { end: End::Cancelled { .. } | End::Superseded { .. } } => {
            (texts::phase(language, phase), Tone::Plain)
        }
    }
}

/// Whether it can be called off now.
pub(crate) const fn can_be_cancelled(import: &Import) -> bool {
    matches!(import.state, State::Open { .. } | State::Ended { end: End::Parked { .. } })
}

/// Whether "try again" does something now.
pub(crate) const fn can_be_retried(import: &Import) -> bool {
    match &import.state {
        State::Open { condition, .. } => !matches!(condition, Condition::None),
        State::Ended { .. } => {
            matches!(import.state.phase(), Phase::Failed | Phase::Parked | Phase::Cancelled)
        }
    }
}
