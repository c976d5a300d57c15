//! A Renku, its Keycloak, our client there, and the sign-ins that people left with us.
//!
//! What the outside answers is the probes' business; which answer stands in the way of what is decided here.

use std::time::Duration;

use futures_util::future;

use super::mend::{self, Place};
use super::token::{Door, decode, refused_by};
use super::{Check, Doctor, Finding, Flow, Mark, Note, Renku, clock};
use crate::domain::ports::identity::CredentialState;
use crate::domain::ports::probe::{Gateway, Offered, ServicePerson, SignInFacts, StoredSignIn};
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::domain::project::ProjectAddress;

/// So many people's sign-ins are looked at, the newest.
const PEOPLE: u32 = 3;

/// Clients that the Go gateway of Renku's chart accepts for Renku 1 (its config map; no value of the chart adds another).
const OF_THE_CHART: [&str; 2] = ["renku", "renku-cli"];

impl Doctor {
    pub(super) async fn renku(&self, renku: &Renku) -> Vec<Finding> {
        let subject = format!("renku.{}", renku.name);
        let offered = self.within(ProblemCode::RenkuUnreachable, renku.probe.offered());
        let ((offered, took), mut sign_in) = future::join(offered, self.keycloak(renku, &subject)).await;
        let mut findings = Vec::new();
        let offered = match offered {
            Ok(offered) => {
                findings.push(api(&subject, renku, &offered).after(took));
                Some(offered)
            }
            Err(fault) => {
                findings.push(Finding::broken(&subject, Check::Renku, fault.problem).after(took));
                None
            }
        };
        let usable = findings.iter().all(|finding| finding.mark != Mark::Broken);
        if let Some(Offered { ahead_ms: Some(ahead), .. }) = offered
            && !sign_in.iter().any(|finding| finding.check == Check::Clock)
        {
            findings.extend(clock(&subject, Some(ahead)));
        }
        let people_can = !sign_in.iter().any(|finding| {
            finding.mark == Mark::Broken
                && (finding.check != Check::CodeFlow || spoils_tokens(finding.problem.as_ref()))
        });
        findings.append(&mut sign_in);
        let gateway =
            offered.as_ref().filter(|_| usable).and_then(|offered| gateway(&subject, renku, offered));
        let accepted = gateway.as_ref().is_none_or(|finding| finding.mark != Mark::Broken);
        findings.extend(gateway);
        let service = self.service_person(renku, &subject);
        if people_can && accepted {
            let data = offered
                .as_ref()
                .filter(|_| usable)
                .map(|offered| offered.data.is_some() && renku.data_wanted);
            let (people, service) = future::join(self.people(renku, &subject, data), service).await;
            findings.extend(people);
            findings.extend(service);
        } else {
            findings.push(Finding::skipped(&subject, Check::SignIn));
            findings.extend(service.await);
        }
        findings
    }

    async fn keycloak(&self, renku: &Renku, subject: &str) -> Vec<Finding> {
        let silent = ProblemCode::KeycloakUnreachable;
        let mut findings = Vec::new();
        let flow = match renku.flow {
            Flow::Code => Check::CodeFlow,
            Flow::Device => Check::DeviceFlow,
        };
        let (realm, took) = self.within(silent, renku.keycloak.realm()).await;
        match realm {
            Ok(realm) => {
                findings.push(Finding::fine(subject, Check::Discovery, realm.issuer).after(took));
                findings.extend(clock(subject, realm.ahead_ms));
            }
            Err(fault) => {
                findings.push(self.lost(renku, subject, fault).await.after(took));
                findings.push(Finding::skipped(subject, Check::Client));
                findings.push(Finding::skipped(subject, flow));
                return findings;
            }
        }
        if renku.flow == Flow::Code {
            let (client, took) = self.within(silent, renku.keycloak.client(&renku.place.redirect_uri)).await;
            let client = told(subject, Check::Client, client, &renku.place, &renku.place.client_id);
            let broken = client.mark == Mark::Broken;
            findings.push(client.after(took));
            if broken {
                findings.push(Finding::skipped(subject, flow));
                return findings;
            }
            let (asked, took) =
                self.within(silent, renku.keycloak.code_flow(&renku.place.redirect_uri)).await;
            let finding = match asked {
                Ok(facts) if facts.pkce_enforced => {
                    Finding::fine(subject, flow, format!("{}, PKCE S256", renku.place.redirect_uri))
                }
                Ok(_) => {
                    let problem = Problem::new(ProblemCode::PkceRefused);
                    Finding::look(subject, flow, Note::PkceNotEnforced, renku.place.redirect_uri.clone())
                        .with(mend::commands(&problem, &renku.place))
                }
                Err(fault) => told(subject, flow, Err(fault), &renku.place, ""),
            };
            findings.push(finding.after(took));
        } else {
            let (asked, took) = self.within(silent, renku.keycloak.device_flow()).await;
            findings.push(told(subject, flow, asked, &renku.place, &renku.place.client_id).after(took));
        }
        findings
    }

    /// No realm at the configured address: says where one is.
    async fn lost(&self, renku: &Renku, subject: &str, fault: Fault) -> Finding {
        let mut commands = mend::commands(&fault.problem, &renku.place);
        if matches!(fault.problem.code, ProblemCode::IssuerNotFound | ProblemCode::IssuerMismatch) {
            let found = async { Ok(renku.keycloak.issuer_that_answers().await) };
            let (found, _) = self.within(ProblemCode::KeycloakUnreachable, found).await;
            if let Ok(Some(issuer)) = found {
                commands.push(format!("[renku.{}.oidc] issuer = \"{issuer}\"", renku.name));
            }
        }
        // What mends it comes before what only shows it.
        commands.reverse();
        Finding::broken(subject, Check::Discovery, fault.problem).with(commands)
    }

    async fn people(&self, renku: &Renku, subject: &str, data: Option<bool>) -> Vec<Finding> {
        let present: Vec<_> = self.present.iter().filter(|(name, _)| *name == renku.name).collect();
        if !present.is_empty() {
            let each = present.iter().map(|(_, sign_in)| self.person(renku, subject, sign_in, data));
            return future::join_all(each).await.into_iter().flatten().collect();
        }
        let sign_ins = self.ground.sign_ins(&renku.name, PEOPLE);
        let (found, took) = self.within(ProblemCode::StoreUnavailable, sign_ins).await;
        let found = match found {
            Ok(found) => found,
            // The database itself has a line of its own.
            Err(fault) if fault.problem.code != ProblemCode::VaultKeyWrong => {
                return vec![Finding::skipped(subject, Check::SignIn)];
            }
            Err(fault) => return vec![Finding::broken(subject, Check::SignIn, fault.problem).after(took)],
        };
        if found.is_empty() {
            let project = self.project.as_ref().map(|project| {
                Finding::look(subject, Check::Project, Note::ProjectUnasked, project.to_string())
            });
            let nobody = Finding::look(subject, Check::SignIn, Note::NobodySignedIn, "");
            return [nobody].into_iter().chain(project).collect();
        }
        let each = found.iter().map(|sign_in| self.person(renku, subject, sign_in, data));
        future::join_all(each).await.into_iter().flatten().collect()
    }

    /// Whether somebody serves what administrators keep up to date; nothing is told where there is nothing to serve.
    async fn service_person(&self, renku: &Renku, subject: &str) -> Option<Finding> {
        let (named, took) =
            self.within(ProblemCode::StoreUnavailable, self.ground.service_person(&renku.name)).await;
        let missing = |words: &str| {
            let problem = Problem::new(ProblemCode::ServiceSignInNeeded).saying(words);
            let commands = mend::commands(&problem, &renku.place);
            Finding::broken(subject, Check::ServicePerson, problem).with(commands)
        };
        let finding = match named {
            Ok(ServicePerson::NotNeeded) => return None,
            Ok(ServicePerson::Missing) => missing(""),
            Ok(ServicePerson::Named { username, signed_in: false }) => missing(&username),
            Ok(ServicePerson::Named { username, signed_in: true }) => {
                Finding::fine(subject, Check::ServicePerson, username)
            }
            // The database itself has a line of its own.
            Err(_) => Finding::skipped(subject, Check::ServicePerson),
        };
        Some(finding.after(took))
    }

    async fn person(
        &self,
        renku: &Renku,
        subject: &str,
        sign_in: &StoredSignIn,
        data: Option<bool>,
    ) -> Vec<Finding> {
        let place = Place { username: Some(sign_in.username.clone()), ..renku.place.clone() };
        let named = |finding: Finding| Finding { seen: sign_in.username.clone(), ..finding };
        // Every person has a line about the project, whatever is before it.
        let unseen = || {
            let project = self.project.as_ref()?;
            let seen = format!("{}, {project}", sign_in.username);
            Some(Finding { seen, ..Finding::skipped(subject, Check::Project) })
        };
        let stored = match &sign_in.state {
            CredentialState::Dead { problem } => Some(problem.clone()),
            CredentialState::Disconnecting => return Vec::new(),
            CredentialState::Active | CredentialState::Refreshing { .. } => None,
        };
        let asked = renku.keycloak.sign_in(&sign_in.access, sign_in.refresh.as_ref());
        let (asked, took) = self.within(ProblemCode::KeycloakUnreachable, asked).await;
        // Given up by us: what Keycloak says of it now tells more where it tells a cause.
        let problem = match (stored, asked) {
            (Some(stored), Err(fault)) if fault.problem.code == ProblemCode::SignInNeeded => Some(stored),
            (Some(_) | None, Err(fault)) => Some(fault.problem),
            (Some(stored), Ok(_)) => Some(stored),
            (None, Ok(seen)) => {
                let line = match seen {
                    SignInFacts::Whole | SignInFacts::KeyGone => Finding::fine(subject, Check::SignIn, ""),
                    SignInFacts::NotSeen => Finding::look(subject, Check::SignIn, Note::NotSeen, ""),
                };
                let line = named(line).after(took);
                let Some(data) = data else { return [line].into_iter().chain(unseen()).collect() };
                if seen == SignInFacts::KeyGone {
                    let known = named(Finding::look(subject, Check::Person, Note::NotFresh, ""));
                    return [line, known].into_iter().chain(unseen()).collect();
                }
                let known = named(self.known(renku, subject, sign_in, data).await);
                let project = self.project.as_ref().filter(|_| known.mark == Mark::Fine);
                let project = match project {
                    Some(project) => {
                        let found = self.writable(renku, subject, sign_in, project).await;
                        Some(Finding { seen: format!("{}, {project}", sign_in.username), ..found })
                    }
                    None => unseen(),
                };
                return [line, known].into_iter().chain(project).collect();
            }
        };
        let problem = problem.unwrap_or_else(|| Problem::new(ProblemCode::SignInNeeded));
        let commands = mend::commands(&problem, &place);
        let broken = named(Finding::broken(subject, Check::SignIn, problem)).with(commands).after(took);
        [broken].into_iter().chain(unseen()).collect()
    }

    /// Whether the person may bring datasets into the project, asked as an import asks it.
    async fn writable(
        &self,
        renku: &Renku,
        subject: &str,
        sign_in: &StoredSignIn,
        project: &ProjectAddress,
    ) -> Finding {
        let mut refused = Problem::new(ProblemCode::RenkuApiNotOffered);
        for service in &renku.services {
            let address = match service.accepts(project) {
                Ok(address) => address,
                Err(fault) => {
                    refused = fault.problem;
                    continue;
                }
            };
            let fits = async {
                if self.ground.at_work(&address).await? {
                    return Ok(false);
                }
                service.check_project(&sign_in.access, &address).await.map(|()| true)
            };
            let rights = service.may_write(&sign_in.access, &address);
            let asked = async {
                let (rights, fits) = future::join(rights, fits).await;
                let fits = fits?;
                match rights {
                    // Where no projects are listed, an import finds it out at its end.
                    Err(fault) if fault.problem.code != ProblemCode::RenkuApiNotOffered => Err(fault),
                    Ok(()) | Err(_) => Ok(fits),
                }
            };
            let (asked, took) = self.within(ProblemCode::RenkuUnreachable, asked).await;
            return match asked {
                Ok(true) => Finding::fine(subject, Check::Project, ""),
                Ok(false) => Finding::look(subject, Check::Project, Note::ProjectAtWork, ""),
                Err(fault) => Finding::broken(subject, Check::Project, fault.problem),
            }
            .after(took);
        }
        Finding::broken(subject, Check::Project, refused)
    }

    async fn known(&self, renku: &Renku, subject: &str, sign_in: &StoredSignIn, data: bool) -> Finding {
        // A token from before something was mended at Keycloak is refused for what is right by now, and a gateway does not say why.
        if outdated(renku, sign_in, data) {
            return Finding::look(subject, Check::Person, Note::NotFresh, "");
        }
        let (known, took): (Result<(), Fault>, Duration) =
            self.within(ProblemCode::RenkuUnreachable, renku.probe.knows(&sign_in.access, data)).await;
        let finding = match known {
            Ok(()) => Finding::fine(subject, Check::Person, ""),
            // Told before it was asked: renewed at its next use.
            Err(fault) if fault.problem.code == ProblemCode::TokenExpired => {
                Finding::look(subject, Check::Person, Note::NotFresh, "")
            }
            Err(fault) => Finding::broken(subject, Check::Person, fault.problem),
        };
        finding.after(took)
    }
}

/// Whether the stored access token lacks what the next one will have, since Keycloak found nothing wrong with the sign-in.
fn outdated(renku: &Renku, sign_in: &StoredSignIn, data: bool) -> bool {
    // Of the doors that look at neither issuer nor client: those are told before, and can be configured.
    let door = if data { Door::Data } else { Door::Python };
    decode(sign_in.access.expose()).is_ok_and(|token| {
        let while_it_lived = token.until().unwrap_or(sign_in.access_until).minus(Duration::from_millis(1));
        refused_by(door, &token, "", &renku.place.audience, while_it_lived).is_some()
    })
}

/// Whether what is wrong at the sign-in would also be seen in everybody's tokens, as the same cause a second time.
fn spoils_tokens(problem: Option<&Problem>) -> bool {
    problem.is_some_and(|problem| {
        matches!(problem.code, ProblemCode::ScopeNotGranted | ProblemCode::TokenWithoutSubject)
    })
}

fn told(subject: &str, check: Check, asked: Result<(), Fault>, place: &Place, seen: &str) -> Finding {
    match asked {
        Ok(()) => Finding::fine(subject, check, seen),
        Err(fault) => {
            let commands = mend::commands(&fault.problem, place);
            Finding::broken(subject, check, fault.problem).with(commands)
        }
    }
}

fn api(subject: &str, renku: &Renku, offered: &Offered) -> Finding {
    let core = offered.core.as_ref().filter(|_| renku.core_wanted);
    let data = offered.data.as_ref().filter(|_| renku.data_wanted);
    if core.is_none() && data.is_none() {
        let there = [&offered.core, &offered.data].map(|version| version.as_deref().unwrap_or("none"));
        let words = format!("core service: {}, data services: {}", there[0], there[1]);
        let problem = Problem::new(ProblemCode::RenkuApiNotOffered).saying(words);
        return Finding::broken(subject, Check::Renku, problem);
    }
    let data = data.map(|version| format!("Renku 2 (data services {version})"));
    let core = core.map(|version| format!("Renku 1 (core service {version})"));
    Finding::fine(subject, Check::Renku, data.into_iter().chain(core).collect::<Vec<_>>().join(", "))
}

/// Whether the gateway takes tokens of our client, where it looks at that.
fn gateway(subject: &str, renku: &Renku, offered: &Offered) -> Option<Finding> {
    let client = renku.place.client_id.as_str();
    let refused = |words: String| {
        let problem = Problem::new(ProblemCode::TokenClientNotAccepted).saying(words);
        let commands = mend::commands(&problem, &renku.place);
        Some(Finding::broken(subject, Check::Gateway, problem).with(commands))
    };
    if !renku.accepted_clients.is_empty() {
        if renku.accepted_clients.iter().any(|accepted| accepted == client) {
            return Some(Finding::fine(subject, Check::Gateway, client));
        }
        return refused(format!("{client} is not among accepted_clients"));
    }
    // Renku 2 looks at the audience alone.
    let core_only =
        offered.core.is_some() && renku.core_wanted && !(offered.data.is_some() && renku.data_wanted);
    match offered.gateway {
        Some(Gateway::Go) if core_only && !OF_THE_CHART.contains(&client) => {
            refused(format!("the Go gateway accepts renku and renku-cli, not {client}"))
        }
        Some(Gateway::Go) if core_only => Some(Finding::fine(subject, Check::Gateway, client)),
        Some(Gateway::Python) => Some(Finding::fine(subject, Check::Gateway, client)),
        Some(Gateway::Go) | None => None,
    }
}
