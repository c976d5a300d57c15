//! `subscriptions list|show|add|remove|pause|resume`, through a running service or on the local store.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{Connection, SubscribeArgs, SubscriptionsCommand};
use super::import::api;
use super::local::{Local, named_problem, refused};
use super::out;
use crate::domain::ids::SubscriptionId;
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::subscriptions::{Subscribed, SubscriptionFilter};
use crate::domain::problem::ProblemCode;
use crate::domain::subscription::Subscription;
use crate::publications::subscribe::Wish;
use crate::texts::Language;
use crate::web::publication_view::{subscription_details, subscription_view};

/// Lines of a ledger that are shown.
const LEDGER: u32 = 200;

/// What is done to one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Pause,
    Resume,
    Remove,
}

pub(super) async fn run(file: Option<&Path>, command: SubscriptionsCommand) -> anyhow::Result<ExitCode> {
    match command {
        SubscriptionsCommand::List { ended, before, limit, connection } => {
            list(file, ended, before, limit, &connection).await
        }
        SubscriptionsCommand::Show { id, connection } => show(file, &id, &connection).await,
        SubscriptionsCommand::Add(args) => add(file, args).await,
        SubscriptionsCommand::Remove { id, connection } => act(file, &id, &connection, Act::Remove).await,
        SubscriptionsCommand::Pause { id, connection } => act(file, &id, &connection, Act::Pause).await,
        SubscriptionsCommand::Resume { id, connection } => act(file, &id, &connection, Act::Resume).await,
    }
}

fn id_of(text: &str) -> anyhow::Result<SubscriptionId> {
    text.parse().map_err(|_not_an_id| named_problem(ProblemCode::SubscriptionUnknown, "ID", text))
}

/// The subscription as the API shows it.
fn shown(subscription: &Subscription) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(subscription_view(subscription, Language::En))?)
}

async fn list(
    file: Option<&Path>,
    with_ended: bool,
    before: Option<String>,
    limit: u32,
    connection: &Connection,
) -> anyhow::Result<ExitCode> {
    let before = before.as_deref().map(id_of).transpose()?;
    let (subscriptions, next) = if let Some(server) = &connection.server {
        let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
        let path = format!("/subscriptions?limit={limit}&ended={with_ended}{before}");
        let answer = api(server, connection)?.get(&path).await?;
        let found = answer.get("subscriptions").and_then(Value::as_array).cloned().unwrap_or_default();
        (found, answer.get("next").and_then(Value::as_str).map(str::to_owned))
    } else {
        let local = Local::beside(file).await?;
        let filter = SubscriptionFilter { with_ended, before, limit, ..SubscriptionFilter::default() };
        let found = local.parts.publications.subscriptions().subscriptions(&filter).await?;
        let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id.to_string());
        let found = found.iter().map(shown).collect::<anyhow::Result<Vec<_>>>()?;
        local.close().await;
        (found, next)
    };
    if connection.json {
        out::json(&json!({"subscriptions": subscriptions, "next": next}))?;
    } else if subscriptions.is_empty() {
        out::line("There are no subscriptions.");
    } else {
        for subscription in &subscriptions {
            line(subscription);
        }
        if let Some(next) = next {
            out::note(format!("There may be more: --before {next}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(subscription: &Value) {
    let text = |name: &str| subscription.get(name).and_then(Value::as_str).unwrap_or("");
    let problem = subscription.pointer("/problem/code").and_then(Value::as_str).unwrap_or("");
    let service = subscription.get("service").and_then(Value::as_bool).unwrap_or_default();
    let by = if service { "(service person) " } else { "" };
    out::line(format!(
        "{}  {:<7} {}  →  {}  {by}{problem}",
        text("id"),
        text("state"),
        text("dataset"),
        text("project")
    ));
}

async fn show(file: Option<&Path>, id: &str, connection: &Connection) -> anyhow::Result<ExitCode> {
    let id = id_of(id)?;
    let details = if let Some(server) = &connection.server {
        api(server, connection)?.get(&format!("/subscriptions/{id}")).await?
    } else {
        let local = Local::beside(file).await?;
        let publications = &local.parts.publications;
        let store = publications.subscriptions();
        let found = store.subscription(id).await?;
        let found =
            found.ok_or_else(|| named_problem(ProblemCode::SubscriptionUnknown, "ID", &id.to_string()))?;
        let ledger = store.ledger(id, LEDGER).await?;
        let (installation, pid) = (found.installation.clone(), found.pid.clone());
        let watched = publications.store().watched(&DatasetRef { installation, pid }).await?;
        let details = subscription_details(&found, &ledger, watched.as_ref(), Language::En);
        let details = serde_json::to_value(details)?;
        local.close().await;
        details
    };
    if connection.json {
        out::json(&details)?;
        return Ok(ExitCode::SUCCESS);
    }
    line(&details);
    for version in details.get("ledger").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| version.get(name).and_then(Value::as_str).unwrap_or("");
        let problem = version.pointer("/problem/code").and_then(Value::as_str).unwrap_or("");
        out::line(format!(
            "  {:<6} {}  {:<13} {}  {problem}",
            text("version"),
            text("noticed_at"),
            text("outcome"),
            text("import")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(file: Option<&Path>, args: SubscribeArgs) -> anyhow::Result<ExitCode> {
    let subscription = if let Some(server) = &args.connection.server {
        let wish = json!({
            "dataset": args.what.dataset, "project": args.what.project, "installation": args.what.installation, "renku": args.what.renku,
            "api": args.what.api, "service": args.service,
        });
        api(server, &args.connection)?.post("/subscriptions", Some(&wish)).await?
    } else {
        let local = Local::beside(file).await?;
        let person = local.person(args.what.person.as_deref(), args.what.renku.as_deref()).await?;
        if args.service && !local.is_operator(&person).await {
            let words = format!("{} ({})", person.username, person.subject);
            return Err(named_problem(ProblemCode::OperatorsOnly, "--service", &words));
        }
        let wish = Wish {
            dataset: args.what.dataset,
            installation: args.what.installation,
            project: args.what.project,
            api: args.what.api,
            service: args.service,
        };
        let language = Language::En.as_str();
        let subscribed = local.parts.publications.subscribe(person.id, &person.renku, &wish, language).await;
        let (Subscribed::New(subscription) | Subscribed::Existing(subscription)) =
            subscribed.map_err(refused)?;
        let shown = shown(&subscription)?;
        local.close().await;
        shown
    };
    tell(&subscription, args.connection.json)
}

async fn act(file: Option<&Path>, id: &str, connection: &Connection, act: Act) -> anyhow::Result<ExitCode> {
    let id = id_of(id)?;
    let subscription = if let Some(server) = &connection.server {
        let api = api(server, connection)?;
        match act {
            Act::Pause => api.post(&format!("/subscriptions/{id}/pause"), None).await?,
            Act::Resume => api.post(&format!("/subscriptions/{id}/resume"), None).await?,
            Act::Remove => api.delete(&format!("/subscriptions/{id}")).await?,
        }
    } else {
        let local = Local::beside(file).await?;
        let publications = &local.parts.publications;
        let done = match act {
            Act::Pause => publications.pause(id).await,
            Act::Resume => publications.unpause(id).await,
            Act::Remove => publications.unsubscribe(id).await,
        };
        let shown = shown(&done.map_err(refused)?)?;
        local.close().await;
        shown
    };
    tell(&subscription, connection.json)
}

fn tell(subscription: &Value, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        out::json(subscription)?;
    } else {
        line(subscription);
    }
    Ok(ExitCode::SUCCESS)
}
