//! What can be typed: every subcommand and option, with the help that people read.
//!
//! What a subcommand does is in its own file.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use url::Url;

/// Takes datasets from Dataverse into Renku projects, and proves that they arrived.
#[derive(Debug, Parser)]
#[command(
    name = "dataverse-renku",
    version,
    max_term_width = 110,
    after_help = "Try it out without any other system:\n  dataverse-renku sandbox --import --renku core\n\nExit status: 0 done, 1 a problem (named), 2 wrong usage."
)]
pub(crate) struct Cli {
    /// The configuration file; without one the service runs on loopback with its defaults.
    #[arg(long, global = true, value_name = "FILE", env = "DATAVERSE_RENKU_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service: pages, API and workers.
    Serve(ServeArgs),
    /// Run the service against a simulated Dataverse, Keycloak and Renku, to try it out.
    Sandbox(SandboxArgs),
    /// Import a dataset, and follow it to its end.
    Import(ImportArgs),
    /// Look at imports, and act on them.
    #[command(subcommand)]
    Imports(ImportsCommand),
    /// Keep projects up to date with datasets: look at subscriptions, make and end them.
    #[command(subcommand)]
    Subscriptions(SubscriptionsCommand),
    /// Look at everything that an import needs, and say what is wrong and what mends it.
    Doctor(DoctorArgs),
    /// Show how this service has to be known at a Dataverse or at Renku's Keycloak, and apply it where possible.
    Register(RegisterArgs),
    /// Get an access token for trying things out, or see what Renku would say to one.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Ask the service on this machine whether it is alive; for container health checks.
    Health(HealthArgs),
    /// Change the key with which stored sign-ins are sealed.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Bring the database to this version's form.
    Migrate,
}

/// What a process of the service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Pages, API and workers (the only choice with SQLite or the embedded queue).
    All,
    /// Pages and API only.
    Web,
    /// Workers only.
    Worker,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// What this process does.
    #[arg(long, value_enum, default_value_t = Role::All)]
    pub(crate) role: Role,

    /// Stop for good at this place of a step, `PHASE.POINT`; only for tests that kill the process there.
    #[arg(long, hide = true, value_name = "PLACE")]
    pub(crate) halt_at: Option<String>,
}

/// Options of `health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Ask whether it is ready: store and queue can be used, and it is not shutting down.
    #[arg(long)]
    pub(crate) ready: bool,
}

/// Which Renku's API to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxRenku {
    /// Renku 1: a job copies the dataset into the project's repository.
    Core,
    /// Renku 2: the dataset is linked to the project by its DOI, and sessions read it from Dataverse.
    Data,
}

impl SandboxRenku {
    /// The service's name in an order.
    pub(crate) const fn api(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Data => "data",
        }
    }
}

/// How people sign in to the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxFlow {
    /// Through the browser and back, with a client of the connector's own.
    Code,
    /// With a code that is confirmed at Keycloak, behind a gateway that takes Renku's own clients only.
    Device,
}

/// Options of `sandbox`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dataverse-renku sandbox\n  dataverse-renku sandbox --import\n  dataverse-renku sandbox --import doi:10.5072/FK2/MANY20\n  dataverse-renku sandbox --import --renku data\n  dataverse-renku sandbox --import --fault no-push-right"
)]
pub(crate) struct SandboxArgs {
    /// Import this dataset without a browser, print its timeline and end; without a PID the sandbox's friendly default.
    #[arg(long, value_name = "PID", num_args = 0..=1, default_missing_value = "doi:10.5072/FK2/GLACIER")]
    pub(crate) import: Option<String>,

    /// Which of the simulated Renku's services a driven import goes to; its pages offer both.
    #[arg(long, value_enum, default_value_t = SandboxRenku::Core)]
    pub(crate) renku: SandboxRenku,

    /// How people sign in.
    #[arg(long, value_enum, default_value_t = SandboxFlow::Code, conflicts_with_all = ["import", "fault"])]
    pub(crate) flow: SandboxFlow,

    /// Play one trap; the import then ends with that problem's code. `--fault list` shows them.
    #[arg(long, value_name = "NAME")]
    pub(crate) fault: Option<String>,

    /// Only the simulators, for a service of your own: prints their addresses as JSON and goes on until Ctrl-C.
    #[arg(long, hide = true)]
    pub(crate) simulators: bool,
    /// Print every address and a token of alice, who is signed in at the connector, as one line of JSON.
    #[arg(long, conflicts_with_all = ["import", "fault"])]
    pub(crate) json: bool,

    /// The port of the first simulator; 0 takes free ones.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

/// Options of `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dataverse-renku import doi:10.70122/FK2/ABCDEF --project https://gitlab.renku.example/alice/glaciers\n  dataverse-renku import https://demo.dataverse.org/dataset.xhtml?persistentId=doi:10.70122/FK2/ABCDEF \\\n      --project https://gitlab.renku.example/alice/glaciers --server https://connector.example.org"
)]
pub(crate) struct ImportArgs {
    /// What goes where.
    #[command(flatten)]
    pub(crate) what: What,

    /// The name in the project; without it one is made of title, PID and version.
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// Only if this is the version that Renku would take (Renku 1 takes the latest published one).
    #[arg(long)]
    pub(crate) version: Option<String>,

    /// Agree to the project being migrated to this Renku's version, if it must be.
    #[arg(long)]
    pub(crate) migrate: bool,

    /// Do not wait for the end.
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Where and how.
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Which dataset goes into which project, and for whom.
#[derive(Debug, Args)]
pub(crate) struct What {
    /// The dataset: a DOI, Handle or PermaID in any form, or the address of its page.
    pub(crate) dataset: String,

    /// The address of the Renku project.
    #[arg(long)]
    pub(crate) project: String,

    /// The Dataverse installation's name, if several are configured.
    #[arg(long)]
    pub(crate) installation: Option<String>,

    /// The Renku's name, if several are configured.
    #[arg(long)]
    pub(crate) renku: Option<String>,

    /// Which of the Renku's services: `data` (Renku 2) or `core` (Renku 1); without it the preferred one that takes the project.
    #[arg(long)]
    pub(crate) api: Option<String>,

    /// For whom, by user name, if several people have signed in (local store only).
    #[arg(long)]
    pub(crate) person: Option<String>,
}

/// Where imports are asked for.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// A running service to ask; without it the local configuration's store is used.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// The file with the Renku access token that says who asks (with `--server`); without it the variable
    /// `DATAVERSE_RENKU_TOKEN` is used.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `imports …`
#[derive(Debug, Subcommand)]
pub(crate) enum ImportsCommand {
    /// List imports, newest first.
    List {
        /// Only in this phase.
        #[arg(long)]
        phase: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Show an import and its timeline.
    Show {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Send a parked import on, try a waiting one now, or start a failed one anew.
    Retry {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Call an import off.
    Cancel {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
}

/// `subscriptions …`
#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionsCommand {
    /// List subscriptions, newest first.
    List {
        /// Those that are over as well.
        #[arg(long)]
        ended: bool,
        /// Only older than this one, for the next page.
        #[arg(long, value_name = "ID")]
        before: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Show a subscription: which version arrived when, through which import.
    Show {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Keep a project up to date with a dataset; what is out now is imported at once, unless it is there.
    Add(SubscribeArgs),
    /// End a subscription for good; what it brought stays in the project.
    Remove {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Let a subscription rest.
    Pause {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
    /// Let a paused subscription go on; what came out meanwhile is imported.
    Resume {
        /// Its number.
        id: String,
        /// Where and how.
        #[command(flatten)]
        connection: Connection,
    },
}

/// Options of `subscriptions add`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  dataverse-renku subscriptions add doi:10.70122/FK2/ABCDEF --project https://renku.example/p/alice/glaciers\n\nRenku 1 copies: each version comes beside the others, and needs a sign-in of the person that lasts (see the page of subscriptions).\nRenku 2 links: the data follow by themselves."
)]
pub(crate) struct SubscribeArgs {
    /// What goes where.
    #[command(flatten)]
    pub(crate) what: What,

    /// Let the Renku's service person import instead of you (see `token get --service`). You must be an operator (`[admin] people`), and
    /// be allowed to write to the project yourself.
    #[arg(long)]
    pub(crate) service: bool,

    /// Where and how.
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `vault …`
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Seal every stored sign-in with the newest key (the first in `vault.keys`); beside a running service, as often as you like.
    Rotate,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "It only reads, and ends within half a minute whatever hangs. Exit status: 0 nothing is wrong, 1 something is."
)]
pub(crate) struct DoctorArgs {
    /// Sign in for this look, with a browser on this machine, and follow that person's way; without it stored sign-ins are looked at.
    #[arg(long)]
    pub(crate) sign_in: bool,

    /// The same with a code that is entered in any browser.
    #[arg(long, requires = "sign_in")]
    pub(crate) device: bool,

    /// At which Renku, if several are configured.
    #[arg(long, value_name = "NAME", requires = "sign_in")]
    pub(crate) renku: Option<String>,

    /// Also whether the person may bring datasets into this project. Renku 1 reads it for that: not while an import into it runs.
    #[arg(long, value_name = "URL")]
    pub(crate) project: Option<String>,

    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// Also write a transcript without secrets into this file, to be attached to a report.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// The language of the sentences: en, fr or de.
    #[arg(long, value_name = "TAG", value_parser = ["en", "fr", "de"])]
    pub(crate) language: Option<String>,
}

/// Options of `register`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "these are flags of a command line")]
#[command(
    group = ArgGroup::new("where").args(["installation", "keycloak"]).required(true),
    after_help = "Examples:\n  dataverse-renku register --installation demo\n  dataverse-renku register --installation demo --apply\n  dataverse-renku register --installation demo --remove --apply\n  dataverse-renku register --keycloak main"
)]
pub(crate) struct RegisterArgs {
    /// At this Dataverse: the button on dataset pages.
    #[arg(long, value_name = "NAME")]
    pub(crate) installation: Option<String>,

    /// At this Renku's Keycloak: the client; printed as JSON, as kcadm commands and as steps in the console.
    #[arg(long, value_name = "NAME")]
    pub(crate) keycloak: Option<String>,

    /// Do it; without it only what would be done is shown. The button takes a superuser's `api_token` in the configuration (Dataverse
    /// 6.6 or later) or --admin-url, the workflow takes --admin-url.
    #[arg(long)]
    pub(crate) apply: bool,

    /// Show how our button, our workflow and the --resume-address'es are taken away again, and with --apply do it; what is others' stays.
    #[arg(long, conflicts_with = "keycloak")]
    pub(crate) remove: bool,

    /// Where Dataverse's admin API lets us in: `http://localhost:8080` on Dataverse's own machine.
    #[arg(long, value_name = "URL", conflicts_with = "keycloak")]
    pub(crate) admin_url: Option<Url>,

    /// A file with the key that unblocks the admin API from elsewhere (Dataverse 6.7 or later).
    #[arg(long, value_name = "FILE", requires = "admin_url", conflicts_with = "keycloak")]
    pub(crate) unblock_key_file: Option<PathBuf>,

    /// Make our workflow the default even if another one is; how to undo it is printed.
    #[arg(long, requires = "apply", conflicts_with_all = ["keycloak", "remove"])]
    pub(crate) replace: bool,

    /// An address of this service as Dataverse sees it, from which it may resume the workflow; repeatable.
    #[arg(long, value_name = "IP", conflicts_with = "keycloak")]
    pub(crate) resume_address: Vec<IpAddr>,

    /// Print the workflow's JSON alone, for a pipe into curl; it holds the secret of its address.
    #[arg(long, conflicts_with_all = ["keycloak", "json", "apply", "remove", "admin_url", "resume_address"])]
    pub(crate) workflow_json: bool,

    /// Put the client's secret into the JSON, for a pipe into kcadm.sh.
    #[arg(long, conflicts_with = "installation")]
    pub(crate) with_secret: bool,

    /// Print the JSON alone; asks nobody.
    #[arg(long, conflicts_with_all = ["apply", "remove", "admin_url", "resume_address"])]
    pub(crate) json: bool,

    /// The language of the sentences: en, fr or de.
    #[arg(long, value_name = "TAG", value_parser = ["en", "fr", "de"])]
    pub(crate) language: Option<String>,
}

/// `token …`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Sign in and print an access token, or keep the sign-in (--store).
    Get(TokenGetArgs),
    /// Read a token from standard input, and say which of Renku's doors lets it in, and why not.
    Inspect {
        /// The Renku's name, if several are configured.
        #[arg(long)]
        renku: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Options of `token get`.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  dataverse-renku token get --device --client-id renku-cli\n  dataverse-renku token get --port 8474   (the client must have http://127.0.0.1:8474/ among its redirect addresses)"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(crate) struct TokenGetArgs {
    /// The Renku's name, if several are configured.
    #[arg(long)]
    pub(crate) renku: Option<String>,

    /// Another client than the configured one; it must be a public one.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,

    /// With a code that is entered in any browser; without it a browser on this machine comes back to a port here.
    #[arg(long, conflicts_with = "password")]
    pub(crate) device: bool,

    /// Keep it, sealed, as this person's sign-in, as after a sign-in at the service's own page; nothing is printed then.
    #[arg(long, conflicts_with_all = ["client_id", "json"])]
    pub(crate) store: bool,

    /// Ask for a sign-in that outlasts the session at Keycloak (`offline_access`), for what works while nobody is there.
    #[arg(long, requires = "store", conflicts_with = "password")]
    pub(crate) offline: bool,

    /// Keep it as the service person's: a user of Renku who imports what administrators keep up to date (`subscriptions add
    /// --service`), in place of an earlier one. It outlasts the session at Keycloak, as with --offline.
    #[arg(long, requires = "store", conflicts_with = "password")]
    pub(crate) service: bool,

    /// With this user's password, read from the terminal or a pipe. Only where an administrator allows it; see what it says.
    #[arg(long, value_name = "USER")]
    pub(crate) password: Option<String>,

    /// The port to which the browser comes back; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,

    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `config …`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Name every fault of the configuration at once; asks no other system.
    Check,
    /// Show what is in force, without secrets.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}
