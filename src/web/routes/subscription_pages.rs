//! `/subscriptions`: the visitor's subscriptions with their ledgers, and the page with a button that mails lead to.
//!
//! What programs get is in `subscriptions`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;

use super::sign_in::lasting_sign_in;
use crate::domain::ids::SubscriptionId;
use crate::domain::import::{End, Import, State};
use crate::domain::ports::identity::Person;
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::subscriptions::SubscriptionFilter;
use crate::domain::problem::{Class, Problem, ProblemCode};
use crate::domain::project::RenkuApi;
use crate::domain::subscription::{LedgerEntry, LedgerOutcome, Subscription, SubscriptionState};
use crate::publications::subscribe::Wish;
use crate::texts::amounts::moment;
use crate::texts::{Language, problem_remedy, problem_title, text};
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::forms::{Checked, Nothing};
use crate::web::pages::{Button, Link, Page, Place, Shell, lead_to, render};
use crate::web::problem::{ApiProblem, status};

/// Subscriptions of one person on the page.
const SHOWN: u32 = 500;

/// Versions shown of each.
const VERSIONS: u32 = 10;

/// A line of a ledger, to be read.
#[derive(Debug)]
pub(crate) struct Version {
    number: String,
    iso: String,
    noticed: String,
    outcome: String,
    problem: Option<String>,
    import: Option<String>,
}

/// A subscription, to be read.
#[derive(Debug)]
pub(crate) struct Entry {
    id: String,
    title: String,
    dataset: String,
    /// The dataset's page, while its installation is configured.
    page: Option<String>,
    project: String,
    owner: String,
    /// Whose sign-in imports instead of the owner's.
    service: Option<String>,
    active: bool,
    /// Whether each version comes beside the others, or the data follow by themselves.
    copies: bool,
    /// Why it is paused, and what to do.
    problem: Option<String>,
    /// That there is nothing more to come.
    deaccessioned: Option<String>,
    versions: Vec<Version>,
}

/// A Renku at which the visitor is signed in.
#[derive(Debug)]
pub(crate) struct SignedInAt {
    name: String,
    title: String,
    /// Who can import instead of the visitor there; told to operators only.
    service: Option<String>,
}

/// Somebody's sign-in ends with their session, though there is something to do while they are away.
#[derive(Debug)]
pub(crate) struct Lasting {
    renku: String,
    to: String,
}

/// What is wrong with what was typed.
#[derive(Debug)]
pub(crate) struct Mistake {
    field: String,
    text: String,
    remedy: String,
    words: Option<String>,
}

/// The visitor's subscriptions.
#[derive(Debug, Template)]
#[template(path = "subscriptions.html")]
pub(crate) struct SubscriptionsPage {
    shell: Shell,
    entries: Vec<Entry>,
    lasting: Vec<Lasting>,
    renkus: Vec<SignedInAt>,
    honest: Vec<String>,
    mistake: Option<Mistake>,
    typed: Typed,
}

impl SubscriptionsPage {
    fn refuses(&self, field: &str) -> bool {
        self.mistake.as_ref().is_some_and(|mistake| mistake.field == field)
    }

    /// Who can import instead of the visitor; with several Renkus, where.
    fn service(&self) -> Option<String> {
        let named = self.renkus.iter().filter_map(|renku| {
            let name = renku.service.as_deref()?;
            Some(if self.renkus.len() == 1 { name.to_owned() } else { format!("{name}: {}", renku.title) })
        });
        Some(named.collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
    }
}

/// What keeping a project up to date means with a Renku's service, and what it needs of the person; said before they click.
pub(super) fn honest(language: Language, api: RenkuApi, mails: bool) -> Vec<String> {
    let told = if mails { "keep-core-told-by-mail" } else { "keep-core-told" };
    let names: &[&str] = match api {
        RenkuApi::Core => &["keep-core", "keep-core-needs", told],
        RenkuApi::Data => &["keep-data"],
    };
    names.iter().map(|name| text(language, name, &[])).collect()
}

/// What an import's page says about keeping its project up to date.
#[derive(Debug)]
pub(super) struct KeepUp {
    /// Whether it is; else it is offered.
    pub(super) kept: bool,
    pub(super) paused: bool,
    pub(super) sentences: Vec<String>,
    /// What people call the Renku.
    pub(super) renku: String,
    /// Where to give a sign-in that lasts while they are away, if that is lacking.
    pub(super) lasting: Option<String>,
}

/// Whether the project of an import is kept up to date; offered where the import has arrived.
pub(super) async fn keep_up(
    context: &Context,
    language: Language,
    import: &Import,
) -> Result<Option<KeepUp>, ApiProblem> {
    let order = &import.order;
    if context.publications.is_served_for_others(import).await? {
        return Ok(None);
    }
    let renku = context.renku_title(&order.renku).to_owned();
    let Some(subscription) = context.publications.subscription_of(import).await? else {
        let arrived = matches!(&import.state, State::Ended { end: End::Succeeded { .. } });
        let sentences = honest(language, order.api, context.publications.sends_mail());
        let offer = KeepUp { kept: false, paused: false, sentences, renku, lasting: None };
        return Ok(arrived.then_some(offer));
    };
    let lacks = needs_lasting(context, &subscription).await?;
    Ok(Some(KeepUp {
        kept: true,
        paused: subscription.state == SubscriptionState::Paused,
        sentences: Vec::new(),
        renku,
        lasting: lacks.then(|| lasting_sign_in(&order.renku, &format!("/imports/{}", import.id))),
    }))
}

/// Whether its owner's sign-in would have to last while they are away, and does not. Linked data follow without it.
async fn needs_lasting(context: &Context, subscription: &Subscription) -> Result<bool, ApiProblem> {
    let acts = subscription.api == RenkuApi::Core
        && subscription.state == SubscriptionState::Active
        && !subscription.service;
    Ok(acts && !context.identity.works_unattended(subscription.person).await?)
}

/// Shows the visitor's subscriptions.
#[get("/subscriptions")]
pub(crate) async fn list(context: web::Data<Context>, visitor: Visitor) -> Result<HttpResponse, ApiProblem> {
    visitor.session()?;
    let page = page_of(&context, &visitor, Typed::default(), None).await?;
    Ok(render(&page, StatusCode::OK))
}

async fn page_of(
    context: &Context,
    visitor: &Visitor,
    typed: Typed,
    mistake: Option<Mistake>,
) -> Result<SubscriptionsPage, ApiProblem> {
    let language = visitor.language;
    let (mut entries, mut lasting) = (Vec::new(), Vec::new());
    for person in visitor.people() {
        let filter =
            SubscriptionFilter { person: Some(person.id), limit: SHOWN, ..SubscriptionFilter::default() };
        let found = context.publications.subscriptions().subscriptions(&filter).await?;
        // They are one person's: what is lacking for one of them is for all.
        for subscription in &found {
            if needs_lasting(context, subscription).await? {
                let renku = context.renku_title(&person.renku).to_owned();
                lasting.push(Lasting { renku, to: lasting_sign_in(&person.renku, "/subscriptions") });
                break;
            }
        }
        for subscription in &found {
            entries.push(entry(context, subscription, person, language).await?);
        }
    }
    let mut renkus = Vec::new();
    for person in visitor.people() {
        let operator = context.is_operator(person).await;
        renkus.push(SignedInAt {
            name: person.renku.to_string(),
            title: context.renku_title(&person.renku).to_owned(),
            service: if operator {
                context.publications.service_person(&person.renku).await?.map(|service| service.name)
            } else {
                None
            },
        });
    }
    let mails = context.publications.sends_mail();
    Ok(SubscriptionsPage {
        shell: Shell::new(visitor, text(language, "subscriptions-title", &[])).at(Place::Subscriptions),
        entries,
        lasting,
        renkus,
        honest: RenkuApi::ALL.into_iter().flat_map(|api| honest(language, api, mails)).collect(),
        mistake,
        typed,
    })
}

async fn entry(
    context: &Context,
    subscription: &Subscription,
    owner: &Person,
    language: Language,
) -> Result<Entry, ApiProblem> {
    let ledger = context.publications.subscriptions().ledger(subscription.id, VERSIONS).await?;
    let service = if subscription.service {
        context.publications.service_person(&subscription.renku).await?
    } else {
        None
    };
    // An import's page is for whose sign-in makes it; others read here why it did not arrive.
    let own = !subscription.service || service.as_ref().is_some_and(|service| service.id == owner.id);
    let sentence = if subscription.service { "subscriptions-made-by" } else { "subscriptions-owner" };
    let version = |line: LedgerEntry| Version {
        number: line.version.to_string(),
        iso: line.noticed_at.to_string(),
        noticed: moment(language, line.noticed_at),
        outcome: outcome(language, line.outcome),
        problem: line.problem.filter(|_| !own).map(|problem| problem_title(language, problem.code)),
        import: line.import.filter(|_| own).map(|import| import.to_string()),
    };
    let (installation, pid) = (subscription.installation.clone(), subscription.pid.clone());
    let watched = context.publications.store().watched(&DatasetRef { installation, pid }).await?;
    let gone = watched.as_ref().and_then(|watched| watched.deaccessioned_at);
    let title = watched.and_then(|watched| watched.edition).map(|edition| edition.title);
    let nobody = subscription.service && service.is_none();
    let missing = nobody.then(|| Problem::new(ProblemCode::ServiceSignInNeeded));
    let problem = subscription.problem.as_ref().or(missing.as_ref()).map(|problem| {
        format!("{} {}", problem_title(language, problem.code), problem_remedy(language, problem.code))
    });
    let known = context.engine.installations().get(&subscription.installation);
    Ok(Entry {
        id: subscription.id.to_string(),
        title: title.unwrap_or_else(|| subscription.pid.to_string()),
        dataset: subscription.pid.to_string(),
        page: known.map(|known| known.dataverse.landing_page(&subscription.pid)),
        project: subscription.project.to_string(),
        owner: text(language, sentence, &[("name", owner.name.as_str().into())]),
        service: service
            .map(|service| text(language, "subscriptions-served-by", &[("name", service.name.into())])),
        active: subscription.state == SubscriptionState::Active,
        copies: subscription.api == RenkuApi::Core,
        problem,
        deaccessioned: gone.map(|at| {
            text(language, "subscriptions-deaccessioned", &[("date", moment(language, at).into())])
        }),
        versions: ledger.into_iter().map(version).collect(),
    })
}

fn outcome(language: Language, outcome: LedgerOutcome) -> String {
    let name = match outcome {
        LedgerOutcome::Open => "subscriptions-open",
        LedgerOutcome::Arrived => "subscriptions-arrived",
        LedgerOutcome::Failed => "subscriptions-failed",
        LedgerOutcome::Superseded => "subscriptions-superseded",
        LedgerOutcome::Cancelled => "subscriptions-cancelled",
        LedgerOutcome::MetadataOnly => "subscriptions-metadata-only",
        LedgerOutcome::Followed => "subscriptions-followed",
    };
    text(language, name, &[])
}

/// What was typed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    dataset: String,
    project: String,
    renku: String,
    /// Ticked: the service person imports.
    #[serde(default)]
    service: Option<String>,
}

/// Subscribes.
#[post("/subscriptions")]
pub(crate) async fn create(
    context: web::Data<Context>,
    checked: Checked<Typed>,
) -> Result<HttpResponse, ApiProblem> {
    let Checked { visitor, form } = checked;
    let renku = form.renku.parse().map_err(|_no_name| ApiProblem::from(ProblemCode::RenkuUnknown))?;
    let person = visitor.person_at(&renku).ok_or(ProblemCode::SignInNeeded)?;
    let service = form.service.is_some();
    if service && !context.is_operator(person).await {
        let problem = Problem::new(ProblemCode::OperatorsOnly).about("service");
        let mistake = mistake(visitor.language, &problem);
        let page = page_of(&context, &visitor, form, Some(mistake)).await?;
        return Ok(render(&page, status(problem.code)));
    }
    let wish =
        Wish { dataset: form.dataset.clone(), project: form.project.clone(), service, ..Wish::default() };
    match context.publications.subscribe(person.id, &renku, &wish, visitor.language.as_str()).await {
        Ok(_) => Ok(lead_to("/subscriptions")),
        Err(fault) if matches!(fault.class, Class::User | Class::NotYet) => {
            let code = status(fault.problem.code);
            let mistake = mistake(visitor.language, &fault.problem);
            let page = page_of(&context, &visitor, form, Some(mistake)).await?;
            Ok(render(&page, code))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn mistake(language: Language, problem: &Problem) -> Mistake {
    Mistake {
        field: problem.field.clone().unwrap_or_default(),
        text: problem_title(language, problem.code),
        remedy: problem_remedy(language, problem.code),
        words: problem.words.clone(),
    }
}

/// Pauses, lets go on, or ends a subscription of the visitor.
#[post("/subscriptions/{id}/{what}")]
pub(crate) async fn act(
    context: web::Data<Context>,
    path: web::Path<(String, String)>,
    checked: Checked<Nothing>,
) -> Result<HttpResponse, ApiProblem> {
    let (id, what) = path.into_inner();
    let unknown = || ApiProblem::from(ProblemCode::SubscriptionUnknown);
    let id: SubscriptionId = id.parse().map_err(|_no_id| unknown())?;
    let found = context.publications.subscriptions().subscription(id).await?;
    let found = found.filter(|found| checked.visitor.is(found.person)).ok_or_else(unknown)?;
    if what == "resume" && found.service {
        let owner = checked.visitor.person_at(&found.renku).ok_or_else(unknown)?;
        if !context.is_operator(owner).await {
            return Err(ProblemCode::OperatorsOnly.into());
        }
    }
    match what.as_str() {
        "pause" => context.publications.pause(id).await?,
        "resume" => context.publications.unpause(id).await?,
        "end" => context.publications.unsubscribe(id).await?,
        _ => return Err(ProblemCode::NoSuchPage.into()),
    };
    Ok(lead_to("/subscriptions"))
}

/// The key of a mail's link.
#[derive(Debug, Deserialize)]
pub(crate) struct KeyQuery {
    key: String,
}

/// What the unsubscribe link of a mail leads to: a page with a button, since mail scanners follow links.
#[get("/subscriptions/{id}/unsubscribe")]
pub(crate) async fn ask_unsubscribe(
    context: web::Data<Context>,
    id: web::Path<String>,
    query: web::Query<KeyQuery>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = mailed(&context, &id, &query.key).await?;
    let language = visitor.language;
    let mut page = Page::new(&visitor, text(language, "subscriptions-unsubscribe-title", &[]));
    let values = [
        ("dataset", subscription.pid.to_string().into()),
        ("project", subscription.project.to_string().into()),
    ];
    page.paragraphs.push(text(language, "subscriptions-unsubscribe-question", &values));
    let key: String = url::form_urlencoded::byte_serialize(query.key.as_bytes()).collect();
    page.buttons.push(Button {
        action: format!("/subscriptions/{}/unsubscribe?key={key}", subscription.id),
        label: text(language, "subscriptions-end", &[]),
    });
    Ok(page.answer(StatusCode::OK))
}

/// Unsubscribes; the key is the right to it, so that mail programs can do it with one press (RFC 8058).
#[post("/subscriptions/{id}/unsubscribe")]
pub(crate) async fn unsubscribe(
    context: web::Data<Context>,
    id: web::Path<String>,
    query: web::Query<KeyQuery>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = mailed(&context, &id, &query.key).await?;
    context.publications.unsubscribe(subscription.id).await?;
    let language = visitor.language;
    let mut page = Page::new(&visitor, text(language, "subscriptions-ended-title", &[]));
    page.paragraphs.push(text(language, "subscriptions-ended", &[]));
    page.links.push(Link { to: "/".to_owned(), label: text(language, "page-home", &[]) });
    Ok(page.answer(StatusCode::OK))
}

async fn mailed(context: &Context, id: &str, key: &str) -> Result<Subscription, ApiProblem> {
    let id = id.parse().map_err(|_no_id| ApiProblem::from(ProblemCode::SubscriptionUnknown))?;
    Ok(context.publications.by_mailed_key(id, key).await?)
}
