//! The traps that `sandbox --fault` can play: what is asked of a simulator, and the problem in which the import must end.

use serde_json::{Value, json};

use crate::cli::args::SandboxRenku;
use crate::domain::problem::ProblemCode;

/// Which simulator a control call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Simulator {
    /// The simulated Keycloak.
    Keycloak,
    /// The simulated Renku 1.
    Renku,
}

/// What a simulator is told: which one, the path of its control, and the body.
pub(crate) type Order = (Simulator, &'static str, fn() -> Value);

/// A trap.
#[derive(Clone, Debug)]
pub(crate) struct Trap {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What happens, in a few words.
    pub(crate) story: &'static str,
    /// The problem in which the import ends (or waits).
    pub(crate) problem: ProblemCode,
    /// The dataset that has the trap, if it lies there.
    pub(crate) dataset: Option<&'static str>,
    /// The project that has the trap, if it lies there: a path at the simulated git host.
    pub(crate) project: Option<&'static str>,
    /// Whether access tokens end so soon that the trap is met at the first renewal.
    pub(crate) short_tokens: bool,
    /// What to tell a simulator before the import is asked for.
    pub(crate) before: Option<Order>,
    /// The service that has the trap.
    pub(crate) renku: SandboxRenku,
}

const fn trap(name: &'static str, story: &'static str, problem: ProblemCode) -> Trap {
    let renku = SandboxRenku::Core;
    Trap { name, story, problem, dataset: None, project: None, short_tokens: false, before: None, renku }
}

const fn dataset(name: &'static str, pid: &'static str, story: &'static str, problem: ProblemCode) -> Trap {
    Trap { dataset: Some(pid), ..trap(name, story, problem) }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a builder in constant context, where nothing can be dropped"
)]
const fn told(trap: Trap, simulator: Simulator, path: &'static str, body: fn() -> Value) -> Trap {
    Trap { before: Some((simulator, path, body)), ..trap }
}

/// The trap is one of Renku 2.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a builder in constant context, where nothing can be dropped"
)]
const fn linking(trap: Trap) -> Trap {
    Trap { renku: SandboxRenku::Data, ..trap }
}

/// Every trap.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn all() -> Vec<Trap> {
    use ProblemCode as Code;
    use Simulator::{Keycloak, Renku};
    vec![
        dataset(
            "unknown-dataset",
            "doi:10.5072/FK2/NOSUCH",
            "Dataverse has no such dataset",
            Code::DatasetUnknown,
        ),
        dataset("draft", "doi:10.5072/FK2/DRAFT1", "the dataset has only a draft", Code::DatasetNotPublished),
        dataset("no-files", "doi:10.5072/FK2/NOFILE", "the dataset has no files", Code::DatasetEmpty),
        dataset(
            "restricted-file",
            "doi:10.5072/FK2/RESTRD",
            "one file is restricted",
            Code::DatasetHasClosedFiles,
        ),
        dataset(
            "embargoed-file",
            "doi:10.5072/FK2/EMBARG",
            "one file is under embargo",
            Code::DatasetHasClosedFiles,
        ),
        dataset(
            "guestbook",
            "doi:10.5072/FK2/GUESTB",
            "a guestbook stands before each download",
            Code::DatasetHasGuestbook,
        ),
        dataset(
            "too-many-files",
            "doi:10.5072/FK2/MANYBIG",
            "more files than Renku's job can fetch",
            Code::DatasetHasTooManyFiles,
        ),
        dataset(
            "file-missing",
            "doi:10.5072/FK2/MISSNG",
            "Dataverse lists a file that it does not have",
            Code::FileNotDownloadable,
        ),
        dataset(
            "job-never-ends",
            "doi:10.5072/FK2/RESET",
            "a download breaks and Renku's job never ends",
            Code::RenkuJobStuck,
        ),
        told(
            trap("job-lost", "Renku drops the job from its queue", Code::RenkuJobLost),
            Renku,
            "/_sim/faults",
            || json!({"name": "job_lost"}),
        ),
        Trap {
            project: Some("alice/no-such-project"),
            ..trap("unknown-project", "Renku finds no such project", Code::ProjectNotFound)
        },
        Trap {
            project: Some("alice/not-renku"),
            ..told(
                trap("not-a-renku-project", "the repository is not a Renku project", Code::ProjectNotRenku),
                Renku,
                "/_sim/projects",
                || json!({"path": "alice/not-renku", "template": "plain"}),
            )
        },
        Trap {
            project: Some("alice/read-only"),
            ..told(
                trap("no-push-right", "the person may read the project, not write", Code::PushFailed),
                Renku,
                "/_sim/projects",
                || json!({"path": "alice/read-only", "writers": ["bob"]}),
            )
        },
        Trap {
            project: Some("alice/outdated"),
            ..trap(
                "needs-migration",
                "the project must be migrated, and nobody agreed to that",
                Code::ProjectNeedsMigration,
            )
        },
        told(
            trap("renku-sign-in", "Renku lost its own Git sign-in for the person", Code::RenkuSignInNeeded),
            Renku,
            "/_sim/faults",
            || json!({"name": "gitlab_token_gone", "user": "alice"}),
        ),
        Trap {
            short_tokens: true,
            ..told(
                trap("session-ended", "the person's session at Keycloak was ended", Code::SignInNeeded),
                Keycloak,
                "/_sim/faults",
                || json!({"name": "end_session", "user": "alice"}),
            )
        },
        linking(Trap {
            project: Some("alice/no-such-project"),
            ..trap("link-unknown-project", "Renku 2 finds no such project", Code::ProjectNotFound)
        }),
        linking(Trap {
            project: Some("bob/public-notes"),
            ..trap("link-no-right", "the person may read the project, not write", Code::ProjectNotWritable)
        }),
        linking(told(
            trap("link-other-doi", "another DOI has the dataset's short name", Code::ConnectorOfAnotherDoi),
            Renku,
            "/_sim/data/connectors",
            || json!({"doi": "10.5072/FK2-GLACIER"}),
        )),
        linking(told(
            trap("link-no-service", "Renku 2 is taken away", Code::RenkuApiNotOffered),
            Renku,
            "/_sim/data/faults",
            || json!({"name": "absent"}),
        )),
        linking(told(
            trap("link-odd-answers", "pages come instead of answers", Code::RenkuNotUnderstood),
            Renku,
            "/_sim/data/faults",
            || json!({"name": "garbage"}),
        )),
    ]
}

/// The trap of that name.
pub(crate) fn find(name: &str) -> Option<Trap> {
    all().into_iter().find(|trap| trap.name == name)
}
