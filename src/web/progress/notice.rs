//! The box above an import's stages: what it waits for, what came of it, what went wrong, and the way on from there.

use super::stages::is_slow;
use super::{Look, can_be_cancelled, can_be_retried};
use crate::domain::import::{Condition, End, ImportResult, Linked, Outcome, Phase, Plan, State};
use crate::domain::problem::{Problem, ProblemCode, SignInAt, Turn};
use crate::texts::amounts::moment_near;
use crate::texts::{self, text};
use crate::web::pages::next_query;

/// The colour beside the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Work,
    Good,
    Warn,
    Bad,
}

impl Tone {
    /// The stylesheet's name for it.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Work => "work",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A link or a button.
#[derive(Debug)]
pub(crate) struct Act {
    pub(crate) to: String,
    pub(crate) label: String,
    /// A form with this one button; else a link.
    pub(crate) posts: bool,
    /// The stylesheet's name for how much it stands out.
    pub(crate) class: &'static str,
}

impl Act {
    fn link(to: impl Into<String>, label: String) -> Self {
        Self { to: to.into(), label, posts: false, class: "" }
    }

    fn button(to: String, label: String) -> Self {
        Self { to, label, posts: true, class: "" }
    }

    const fn quiet(mut self) -> Self {
        self.class = "quiet";
        self
    }

    const fn danger(mut self) -> Self {
        self.class = "danger";
        self
    }
}

/// The box.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) heading: String,
    pub(crate) paragraphs: Vec<String>,
    /// Files that did not arrive.
    pub(crate) missing: Vec<String>,
    /// What the other side said.
    pub(crate) words: Option<String>,
    /// The problem's code.
    pub(crate) code: Option<&'static str>,
    pub(crate) acts: Vec<Act>,
}

impl Notice {
    const fn new(tone: Tone, heading: String) -> Self {
        Self {
            tone,
            heading,
            paragraphs: Vec::new(),
            missing: Vec::new(),
            words: None,
            code: None,
            acts: Vec::new(),
        }
    }
}

impl Look<'_> {
    pub(super) fn notice(&self) -> Option<Notice> {
        match &self.import.state {
            State::Open { condition, .. } => self.of_condition(condition),
            State::Ended { end } => Some(match end {
                End::Succeeded { plan, result } => self.of_success(plan, result),
                End::Failed { problem, .. } => self.of_problem(problem, Tone::Bad),
                End::Parked { problem, .. } => {
                    let mut notice = self.of_problem(problem, Tone::Warn);
                    notice.paragraphs.insert(0, self.say("import-parked"));
                    notice
                }
                End::Cancelled { left } => {
                    let mut notice = Notice::new(Tone::Plain, texts::phase(self.language, Phase::Cancelled));
                    let words = if left.is_some() { "import-cancelled-left" } else { "import-cancelled" };
                    notice.paragraphs.push(self.say(words));
                    notice.acts.push(self.try_again().quiet());
                    notice
                }
                End::Superseded { by } => {
                    let mut notice = Notice::new(Tone::Plain, texts::phase(self.language, Phase::Superseded));
                    notice.acts.push(Act::link(format!("/imports/{by}"), self.say("import-see-newer")));
                    notice
                }
            }),
        }
    }

    fn of_condition(&self, condition: &Condition) -> Option<Notice> {
        let again_at =
            |name: &str, at| self.say_with(name, "time", &moment_near(self.language, at, self.now));
        let (heading, later) = match condition {
            Condition::None => return self.of_going_on(),
            Condition::SignIn { at, problem } => return Some(self.of_sign_in(*at, problem)),
            Condition::RetryAt { at, .. } => ("import-retries", again_at("import-retries-at", *at)),
            Condition::Dataset { at, .. } => ("import-looks", again_at("import-looks-at", *at)),
        };
        let mut notice = Notice::new(Tone::Work, self.say(heading));
        if let Some(problem) = condition.problem() {
            notice.paragraphs.push(texts::problem_title(self.language, problem.code));
            notice.words.clone_from(&problem.words);
            notice.code = Some(problem.code.as_str());
        }
        notice.paragraphs.push(later);
        notice.acts.push(Act::button(format!("{}/retry", self.path()), self.say("import-try-now")).quiet());
        Some(notice)
    }

    fn of_going_on(&self) -> Option<Notice> {
        if is_slow(self.import, self.timeline, self.now) {
            let mut notice = Notice::new(Tone::Work, self.say("import-slow"));
            notice.paragraphs.push(self.say("import-slow-why"));
            return Some(notice);
        }
        (self.import.state.phase() == Phase::Queued).then(|| {
            let mut notice = Notice::new(Tone::Work, texts::phase(self.language, Phase::Queued));
            notice.paragraphs.push(self.say("import-queue"));
            notice
        })
    }

    fn of_sign_in(&self, at: SignInAt, problem: &Problem) -> Notice {
        let heading = match at {
            SignInAt::Connector => "import-sign-in-here",
            SignInAt::Renku => "import-sign-in-renku",
        };
        let mut notice = Notice::new(Tone::Warn, self.say(heading));
        notice.paragraphs.push(texts::problem_remedy(self.language, problem.code));
        notice.words.clone_from(&problem.words);
        notice.code = Some(problem.code.as_str());
        notice.acts = self.sign_in(at);
        if at == SignInAt::Renku {
            let done = Act::button(format!("{}/retry", self.path()), self.say("import-signed-in"));
            notice.acts.push(done.quiet());
        }
        notice
    }

    fn sign_in(&self, at: SignInAt) -> Vec<Act> {
        let renku = &self.import.order.renku;
        let label = texts::sign_in_at(self.language, at);
        match at {
            SignInAt::Connector => {
                let to = format!("/sign-in?renku={renku}&{}", next_query(&self.path()));
                vec![Act::link(to, label)]
            }
            SignInAt::Renku => {
                let url = self.context.renku_urls.get(renku);
                url.map(|url| Act::link(url.as_str(), label)).into_iter().collect()
            }
        }
    }

    fn of_success(&self, plan: &Plan, result: &ImportResult) -> Notice {
        let tone = if result.outcome == Outcome::Complete { Tone::Good } else { Tone::Warn };
        let mut notice = Notice::new(tone, texts::outcome(self.language, result.outcome));
        if let Some(linked) = &result.linked {
            self.tell_of_link(linked, &mut notice);
            if linked.undone_at.is_some() {
                return notice;
            }
        } else {
            let compared = texts::compared(self.language, result.compared);
            let values = [
                ("found", result.found.into()),
                ("expected", result.expected.into()),
                ("compared", compared.into()),
            ];
            notice.paragraphs.push(text(self.language, "import-compared", &values));
        }
        if result.version != plan.version {
            let version = result.version.to_string();
            notice.paragraphs.push(self.say_with("import-other-version", "version", &version));
        }
        if let (Outcome::OnSideBranch, Some(branch)) = (result.outcome, &result.branch) {
            notice.paragraphs.push(self.say_with("import-merge", "branch", branch));
        }
        let next = if self.is_data() { "import-next-session" } else { "import-next-pull" };
        notice.paragraphs.push(self.say(next));
        notice.missing.clone_from(&result.missing);
        let link = result.link.as_deref().unwrap_or(self.import.order.project.as_str());
        notice.acts.push(Act::link(link, self.say("import-open")));
        if result.linked.is_some() {
            notice.acts.push(Act::button(format!("{}/undo", self.path()), self.say("import-undo")).quiet());
        }
        notice
    }

    /// A link has no files to compare: it says where it leads, and whether it is still there.
    fn tell_of_link(&self, linked: &Linked, notice: &mut Notice) {
        if let Some(at) = linked.undone_at {
            let at = moment_near(self.language, at, self.now);
            notice.tone = Tone::Plain;
            notice.heading = self.say("import-undone");
            notice.paragraphs.push(self.say_with("import-undone-at", "time", &at));
            return;
        }
        notice.paragraphs.push(self.say("import-linked"));
        if linked.readable == Some(false) {
            notice.tone = Tone::Warn;
            notice.paragraphs.push(self.say("import-link-unreadable"));
        }
        if let Some(folder) = &linked.folder {
            notice.paragraphs.push(self.say_with("import-link-folder", "folder", folder));
        }
    }

    fn of_problem(&self, problem: &Problem, tone: Tone) -> Notice {
        let mut notice = Notice::new(tone, texts::problem_title(self.language, problem.code));
        notice.paragraphs.push(texts::problem_remedy(self.language, problem.code));
        let turn = problem.code.turn();
        if !matches!(turn, Turn::Researcher | Turn::Nobody) {
            notice.paragraphs.push(format!("{}.", texts::turn(self.language, turn)));
        }
        notice.words.clone_from(&problem.words);
        notice.code = Some(problem.code.as_str());
        notice.acts = self.ways_on(problem.code);
        notice
    }

    /// What helps against this problem first, then trying the same once more.
    fn ways_on(&self, code: ProblemCode) -> Vec<Act> {
        use ProblemCode as P;
        let change = |label: &str| Act::link(format!("{}/again", self.path()), self.say(label));
        let mut acts = if matches!(code, P::DatasetNameTaken | P::DatasetNameInvalid) {
            vec![change("import-other-name")]
        } else if code == P::ProjectNeedsMigration {
            vec![change("import-allow-migration")]
        } else if is_of_the_project(code) {
            vec![change("import-other-project")]
        } else if code == P::RenkuSignInNeeded {
            self.sign_in(SignInAt::Renku)
        } else if is_of_the_sign_in(code) {
            self.sign_in(SignInAt::Connector)
        } else {
            Vec::new()
        };
        let again = self.try_again();
        acts.push(if acts.is_empty() { again } else { again.quiet() });
        acts
    }

    fn try_again(&self) -> Act {
        Act::button(format!("{}/retry", self.path()), self.say("import-try-again"))
    }

    /// What can be done whatever the box says.
    pub(super) fn other_acts(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        if can_be_cancelled(self.import) {
            acts.push(Act::button(format!("{}/cancel", self.path()), self.say("import-cancel")).danger());
        }
        if can_be_retried(self.import) && self.import.state.phase().is_end() {
            acts.push(Act::link(format!("{}/again", self.path()), self.say("import-change")).quiet());
        }
        acts
    }
}

const fn is_of_the_project(code: ProblemCode) -> bool {
    use ProblemCode as P;
    matches!(
        code,
        P::ProjectAddressInvalid
            | P::ProjectHostNotAllowed
            | P::ProjectNotFound
            | P::ProjectNotReadable
            | P::ProjectNotWritable
            | P::ProjectNotRenku
            | P::ProjectDamaged
    )
}

const fn is_of_the_sign_in(code: ProblemCode) -> bool {
    use ProblemCode as P;
    matches!(
        code,
        P::SignInNeeded
            | P::SignInRefused
            | P::TokenExpired
            | P::TokenSignatureWrong
            | P::TokenIssuerMismatch
    )
}
