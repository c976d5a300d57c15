//! `token get` and `token inspect`: an access token for trying Renku's API by hand, and what Renku would say to one.
//!
//! Nothing is stored unless that was asked for. A token is printed to standard output alone, and read from standard input alone.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::args::{TokenCommand, TokenGetArgs};
use super::{Interrupted, Named, configuration, not_configured, out, password, tell_problem};
use crate::adapters::oidc::OidcProvider;
use crate::app::{self, Access, Parts};
use crate::config::{Config, Flow, RenkuConfig};
use crate::doctor::{Door, Place, Program, commands, decode, refused_by};
use crate::domain::ids::RenkuName;
use crate::domain::ports::Clock as _;
use crate::domain::ports::identity::{Claims, DeviceAnswer, GrantedTokens, IdentityProvider as _, Stay};
use crate::domain::ports::probe::SignInProbe as _;
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::lifecycle::{Signals, SystemClock};
use crate::texts::{Language, problem_remedy, problem_title, text};

/// How long a browser has to come back.
const PATIENCE: Duration = Duration::from_mins(5);
/// The most that is read of a browser's request, in bytes.
const REQUEST_CAP: u64 = 8 << 10;
/// A token is not longer than this, in bytes.
const TOKEN_CAP: u64 = 64 << 10;

pub(super) async fn run(
    file: Option<&Path>,
    program: &Program,
    command: TokenCommand,
) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    match command {
        TokenCommand::Get(args) if args.password.is_some() => {
            // A signal must not end us while the terminal hides what is typed; once listened to, none ends us by itself.
            let mut signals = Signals::listen()?;
            tokio::select! {
                done = get(&config, program, &args) => done,
                name = signals.next() => Err(Interrupted(name).into()),
            }
        }
        TokenCommand::Get(args) => get(&config, program, &args).await,
        TokenCommand::Inspect { renku, json } => inspect(&config, renku.as_deref(), json).await,
    }
}

fn say(name: &str) -> String {
    text(Language::En, &format!("at-token-{name}"), &[])
}

pub(super) fn chosen<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> anyhow::Result<(&'a RenkuName, &'a RenkuConfig)> {
    let mut fitting = config.renku.iter().filter(|(known, _)| name.is_none_or(|name| known.as_str() == name));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (_, _) => Err(not_configured(ProblemCode::RenkuUnknown, "--renku", name, config.renku.keys()).into()),
    }
}

/// Signs somebody in at this Renku, for the command line; what stands in the way, and where it could be mended.
pub(super) async fn signed_in(
    config: &Config,
    (name, renku): (&RenkuName, &RenkuConfig),
    args: &TokenGetArgs,
) -> anyhow::Result<(Place, Result<(GrantedTokens, Claims), Fault>)> {
    let provider = app::keycloak(config, renku, args.client_id.as_deref())?;
    let mut place = app::place(config, name, renku);
    if let Some(client) = &args.client_id {
        place.client_id.clone_from(client);
    }
    let stay = if args.offline || args.service { Stay::Offline } else { Stay::Session };
    let got = match &args.password {
        Some(username) => {
            out::note(say("password-warning"));
            place.username = Some(username.clone());
            let password = password::typed(&say("password")).await?;
            provider.password_flow(username, &password).await
        }
        None if args.device || renku.oidc.flow == Flow::Device => by_device(&provider, stay).await,
        None => {
            let listener =
                app::listen((Ipv4Addr::LOCALHOST, args.port).into(), "--port; 0 is any that is free")?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            place.redirect_uri = format!("http://{}/", listener.local_addr()?);
            match by_browser(&provider, &listener, &place.redirect_uri, stay).await {
                Ok(got) => Ok(got),
                Err(error) => Err(error.downcast::<Fault>()?),
            }
        }
    };
    Ok((place, got))
}

async fn get(config: &Config, program: &Program, args: &TokenGetArgs) -> anyhow::Result<ExitCode> {
    let (name, renku) = chosen(config, args.renku.as_deref())?;
    let (mut place, got) = signed_in(config, (name, renku), args).await?;
    let (tokens, claims) = match got {
        Ok(got) => got,
        Err(fault) => {
            // The commands would make the configured client, which is not the one that is missing.
            let typed = args.client_id.is_some() && fault.problem.code == ProblemCode::ClientUnknown;
            if typed {
                out::note(format!("{} {}", say("client-id"), place.client_id));
            }
            tell_problem(&fault.problem);
            if typed {
                return Ok(ExitCode::FAILURE);
            }
            place.program.clone_from(program);
            for command in commands(&fault.problem, &place) {
                out::note(format!("  {command}"));
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    if args.store {
        let parts = Parts::connect(config, Access::Tool, None).await?;
        let kept = keep(&parts, name, &tokens, claims, args.service).await;
        parts.close().await;
        kept?;
    } else if args.json {
        out::json(&json!({
            "access_token": tokens.access.expose_secret(), "until": tokens.access_until.to_string(),
            "username": claims.username, "client": claims.client, "issuer": claims.issuer,
        }))?;
    } else {
        out::note(format!("{} {} ({})", say("got"), claims.username, tokens.access_until));
        out::line(tokens.access.expose_secret());
    }
    Ok(ExitCode::SUCCESS)
}

async fn keep(
    parts: &Parts,
    renku: &RenkuName,
    tokens: &GrantedTokens,
    claims: Claims,
    service: bool,
) -> anyhow::Result<()> {
    let (person, woken) =
        parts.identity.adopt(renku, tokens, claims).await.map_err(|fault| Named(fault.problem))?;
    let values = [("person", person.username.as_str().into()), ("imports", woken.into())];
    out::note(text(Language::En, "at-token-stored", &values));
    if service {
        let earlier = parts.people.set_service_person(&person, SystemClock.now()).await?;
        tracing::info!(person.id = %person.id, renku = %renku, "somebody is named the service person");
        out::note(format!("{} {}", say("service"), person.username));
        if let Some(earlier) = earlier {
            out::note(format!("{} {}", say("service-before"), earlier.username));
        }
    }
    Ok(())
}

async fn by_device(provider: &OidcProvider, stay: Stay) -> Result<(GrantedTokens, Claims), Fault> {
    let flow = provider.begin_device_flow(stay).await?;
    out::note(say("device"));
    out::note(format!("  {}", flow.verification_uri_complete.as_ref().unwrap_or(&flow.verification_uri)));
    out::note(format!("  {}", flow.user_code));
    let mut interval = Duration::from_secs(flow.interval_s);
    loop {
        tokio::time::sleep(interval).await;
        match provider.poll_device_flow(&flow.device_code).await {
            Ok(DeviceAnswer::Pending) => {}
            // RFC 8628 §3.5
            Ok(DeviceAnswer::SlowDown) => interval += Duration::from_secs(5),
            Ok(DeviceAnswer::Granted(tokens, claims)) => return Ok((tokens, claims)),
            Err(Fault { class: Class::Outage { .. }, .. }) if SystemClock.now() < flow.until => {}
            Err(fault) => return Err(fault),
        }
    }
}

async fn by_browser(
    provider: &OidcProvider,
    listener: &TcpListener,
    redirect_uri: &str,
    stay: Stay,
) -> anyhow::Result<(GrantedTokens, Claims)> {
    // What Keycloak would tell a browser on a page of its own is told here before anybody waits.
    provider.client(redirect_uri).await?;
    provider.code_flow(redirect_uri).await?;
    let flow = provider.begin_code_flow(redirect_uri, stay).await?;
    out::note(say("browser"));
    out::note(format!("  {}", flow.url));
    let back = tokio::time::timeout(PATIENCE, came_back(listener, flow.state.expose_secret()));
    let Ok(back) = back.await else { return Err(Fault::user(ProblemCode::SignInAttemptUnknown).into()) };
    let code = back?;
    Ok(provider.finish_code_flow(code, flow.secrets, redirect_uri).await?)
}

/// Waits for the browser with the code; whoever else knocks is turned away.
async fn came_back(listener: &TcpListener, state: &str) -> anyhow::Result<SecretString> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let asked = tokio::time::timeout(Duration::from_secs(5), asked(&mut stream)).await;
        let Ok(Some((query, language))) = asked else {
            continue;
        };
        let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let ours = value("state").is_some_and(|found| found == state);
        let status = if ours { "200 OK" } else { "404 Not Found" };
        let page = match (ours, value("code").is_some()) {
            (true, true) => text(language, "at-token-close-window", &[]),
            (true, false) => text(language, "at-token-refused", &[]),
            (false, _) => String::new(),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        drop(stream.write_all(answer.as_bytes()).await);
        drop(stream.shutdown().await);
        match (ours, value("code"), value("error")) {
            (true, Some(code), _) => return Ok(code.into()),
            (true, None, error) => {
                let words = [error.unwrap_or_default(), value("error_description").unwrap_or_default()];
                return Err(Fault::user(ProblemCode::SignInRefused).saying(words.join(": ")).into());
            }
            (false, _, _) => {}
        }
    }
}

/// The parameters of a browser's request, and the language that it asks for.
async fn asked(stream: &mut TcpStream) -> Option<(Vec<(String, String)>, Language)> {
    let mut read = Vec::new();
    let mut limited = stream.take(REQUEST_CAP);
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        if limited.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8_lossy(&read);
    let mut lines = text.lines();
    let target = lines.next()?.split(' ').nth(1)?;
    let language = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("accept-language"))
        .map_or_else(Language::default, |(_, wishes)| Language::of_header(wishes));
    let url = Url::parse("http://127.0.0.1").ok()?.join(target).ok()?;
    Some((url.query_pairs().into_owned().collect(), language))
}

async fn inspect(config: &Config, renku: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut typed = String::new();
    std::io::stdin().lock().take(TOKEN_CAP).read_to_string(&mut typed)?;
    let (name, renku) = chosen(config, renku)?;
    let token = match decode(&typed) {
        Ok(token) => token,
        Err(problem) if as_json => {
            out::json(&json!({"readable": false, "problem": problem}))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(problem) => return Err(Named(problem).into()),
    };
    let provider = app::keycloak(config, renku, None)?;
    let access = AccessToken::new(typed.trim().to_owned().into());
    // Nobody is waited for: without the realm's keys the claims alone are read.
    let signature = tokio::time::timeout(Duration::from_secs(8), provider.signed(&access)).await;
    let signature = signature.ok().and_then(Result::ok);
    let issuer = provider.issuer().await.unwrap_or_else(|_fault| renku.oidc.issuer.as_str().to_owned());
    let now = SystemClock.now();
    let wrong = signature == Some(false);
    let doors = Door::ALL.map(|door| {
        let refused = refused_by(door, &token, &issuer, &renku.oidc.audience, now);
        (door, refused.or_else(|| wrong.then(|| Problem::new(ProblemCode::TokenSignatureWrong))))
    });
    if as_json {
        let doors: Vec<Value> = doors
            .iter()
            .map(|(door, refused)| {
                json!({"door": door.as_str(), "accepts": refused.is_none(), "problem": refused})
            })
            .collect();
        out::json(&json!({
            "readable": true, "header": token.header, "claims": token.claims, "signature": signature, "renku": name,
            "doors": doors,
        }))?;
    } else {
        out::json(&token.claims)?;
        let proven = match signature {
            Some(true) => "signature-fine",
            Some(false) => "signature-wrong",
            None => "signature-unseen",
        };
        out::line(say(proven));
        for (door, refused) in &doors {
            let sign = if refused.is_none() { "✓" } else { "✗" };
            out::line(format!("{sign} {}", say(&format!("door-{}", door.as_str()))));
            if let Some(problem) = refused {
                out::line(format!("    {} ({})", problem_title(Language::En, problem.code), problem.code));
                out::line(format!("    {}", problem.words.as_deref().unwrap_or_default()));
            }
        }
    }
    if !as_json {
        let codes: BTreeSet<_> =
            doors.iter().filter_map(|(_, refused)| Some(refused.as_ref()?.code)).collect();
        for code in codes {
            out::line(format!("{code}: {}", problem_remedy(Language::En, code)));
        }
    }
    let accepted = doors.iter().any(|(_, refused)| refused.is_none());
    Ok(if accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
