//! What stands before the core service: who is let through, who is refused and in which words; GitLab's `/api/user`; login pages.
//! The core service itself is in `core.rs`.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::SET_COOKIE;
use serde_json::{Value, json};

use super::projects::Project;
use super::state::GitLab;
use super::{Gateway, Sim, versions};
use crate::sandbox::http::{self, Ask, html_escaped};
use crate::sandbox::tokens::{Bad, Claims};

const STICKY: &str = "reverse-proxy-sticky-session-renku-core";
const SESSION: &str = "_renku_session";
/// The pod's uid; there is one pod.
const POD: &str = "b6f7c0c2-6f0e-4a53-9a9b-0d5f2f0e7a11";

/// Who the core service is told is asking.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// Name, and key of everything that is kept for this person.
    pub(super) name: String,
    pub(super) email: String,
    pub(super) gitlab: GitLab,
}

impl Identity {
    /// The GitLab token the gateway puts in.
    pub(super) fn git_token(&self) -> String {
        match self.gitlab {
            GitLab::Good => format!("gltok-{}", self.name),
            GitLab::Refused | GitLab::Gone => "gltok-expired".to_owned(),
        }
    }
}

impl Sim {
    pub(super) async fn through_gateway(self: &Arc<Self>, ask: &Ask) -> HttpResponse {
        self.state().note_hit(ask);
        if self.state().plays("malformed").is_some() {
            return http::text(200, "application/json", "{\"result\": {\"job_");
        }
        if self.state().plays("slow").is_some() {
            tokio::time::sleep(self.seconds(20.0)).await;
        }
        match ask.path.as_str() {
            "/" => http::text(
                200,
                "text/html",
                "<html><title>Renku (simulated)</title><h1>Renku (simulated)</h1></html>",
            ),
            "/api/auth/login" => self.login(ask),
            "/api/auth/logout" => http::redirect(302, &self.url),
            "/api/user" => self.with_session(ask, self.gitlab_user(ask).await).await,
            "/api/projects" => self.with_session(ask, self.gitlab_projects(ask).await).await,
            path if path == "/api/renku" || path.starts_with("/api/renku/") => {
                self.core_behind_gateway(ask).await
            }
            _ => http::json(404, &json!({ "message": "Not Found" })),
        }
    }

    async fn core_behind_gateway(self: &Arc<Self>, ask: &Ask) -> HttpResponse {
        if self.state().plays("core_down").is_some() {
            return http::text(502, "text/plain", "no upstream servers are available");
        }
        let busy = self.state().plays("retry_after");
        if let Some(order) = busy {
            let mut answer = http::json(429, &json!({ "message": "Too Many Requests" }));
            let seconds = order.seconds.unwrap_or(1);
            answer.headers_mut().insert(actix_web::http::header::RETRY_AFTER, seconds.into());
            return answer;
        }
        let identity = match self.identify(ask).await {
            Ok(identity) => identity,
            Err(refused) => return refused,
        };
        let sticky = self.state().sticky;
        let at_home = !sticky || ask.cookie(STICKY) == Some(POD);
        let mut answer = self.core(ask, identity.as_ref(), at_home).await;
        if sticky && !at_home {
            add_cookie(&mut answer, &Cookie::build(STICKY, POD).path("/").finish());
        }
        self.with_session(ask, answer).await
    }

    /// The Go gateway begins a session for whatever it passes on as nobody's.
    async fn with_session(&self, ask: &Ask, mut answer: HttpResponse) -> HttpResponse {
        let go = self.options.gateway == Gateway::Go && ask.cookie(SESSION).is_none();
        if go && self.identify_go(ask).await.is_none() {
            let id = uuid::Uuid::now_v7().simple().to_string();
            let cookie = Cookie::build(SESSION, id).path("/").http_only(true).same_site(SameSite::Lax);
            add_cookie(&mut answer, &cookie.finish());
        }
        answer
    }

    /// The person, nobody (passed on anonymously), or the gateway's refusal.
    async fn identify(&self, ask: &Ask) -> Result<Option<Identity>, HttpResponse> {
        match self.options.gateway {
            Gateway::Python => self.identify_python(ask).await,
            Gateway::Go => Ok(self.identify_go(ask).await),
        }
    }

    async fn identify_python(&self, ask: &Ask) -> Result<Option<Identity>, HttpResponse> {
        let Some(token) = bearer(ask) else {
            let scripted = ask.header("X-Requested-With") == Some("XMLHttpRequest");
            let unauthorized = json!({ "message": "401 Unauthorized" });
            return if scripted { Err(http::json(401, &unauthorized)) } else { Ok(None) };
        };
        let claims = match self.realm.claims(token).await {
            Ok(claims) if claims.has_audience("renku") => claims,
            Ok(_) => return Err(self.refusal("unknown", "Invalid audience")),
            Err(Bad::Expired) => return Err(self.refusal("token expired", "Signature has expired")),
            Err(Bad::Unknown) => return Err(self.refusal("unknown", "Signature verification failed")),
            Err(Bad::NoKeys) => return Err(http::json(500, &json!("realm public key not available"))),
        };
        if let Some(referer) = ask.header("Referer") {
            let message = format!("origin not allowed: {referer} not matching []");
            return Err(http::json(403, &json!({ "error": message })));
        }
        let person = self.state().person(claims.person());
        let version = &self.options.gateway_version;
        match person {
            Some(person) if person.signed_in && person.gitlab == GitLab::Gone => {
                Err(self.refusal("can't refresh access token", "refresh failed"))
            }
            Some(person) if person.signed_in => {
                identity(&claims, person.gitlab).map(Some).ok_or_else(|| self.refusal("unknown", "'name'"))
            }
            _ if versions::gateway_at_least(version, 15) => Err(self.refusal("unknown", "'id_token'")),
            _ => Err(http::text(500, "text/html", "<html><title>500 Internal Server Error</title></html>")),
        }
    }

    fn refusal(&self, message: &str, exception: &str) -> HttpResponse {
        let version = &self.options.gateway_version;
        let mut body = json!({ "error": "authentication", "message": message, "target": "renku" });
        let told = versions::gateway_at_least(version, 10) && !versions::gateway_at_least(version, 18);
        if let (true, Some(map)) = (told, body.as_object_mut()) {
            map.insert("exception".into(), exception.into());
        }
        let content_type =
            if versions::gateway_at_least(version, 18) { "application/json" } else { "text/html" };
        http::text(401, content_type, body.to_string())
    }

    /// Whatever is wrong, the answer is nobody.
    async fn identify_go(&self, ask: &Ask) -> Option<Identity> {
        if ask.cookie(SESSION).is_some() {
            // An anonymous session counts more than the token beside it.
            return None;
        }
        let claims = self.realm.claims(bearer(ask)?).await.ok()?;
        let azp = claims.text("azp")?;
        let known =
            ["renku", "renku-cli"].contains(&azp) || self.options.extra_azp.iter().any(|extra| extra == azp);
        let ours = claims.text("iss") == Some(&self.options.issuer) && claims.text("sub").is_some();
        if !(known && ours && claims.has_audience("renku")) {
            return None;
        }
        let person = self.state().person(claims.person())?;
        let usable = person.signed_in && person.gitlab != GitLab::Gone;
        if usable { identity(&claims, person.gitlab) } else { None }
    }

    async fn gitlab_user(&self, ask: &Ask) -> HttpResponse {
        match self.identify(ask).await {
            Err(refused) => refused,
            Ok(Some(person)) if person.gitlab == GitLab::Good => http::json(
                200,
                &json!({
                    "id": person.name.bytes().map(u64::from).sum::<u64>(), "username": person.name,
                    "name": person.name, "email": person.email, "state": "active",
                    "web_url": format!("{}/{}", self.git_url, person.name),
                }),
            ),
            Ok(_) => http::json(401, &json!({ "message": "401 Unauthorized" })),
        }
    }

    /// GitLab's list of projects, which knows members only where `membership=true` or `min_access_level` ask for them.
    async fn gitlab_projects(&self, ask: &Ask) -> HttpResponse {
        if self.state().plays("no_gitlab").is_some() {
            return http::json(404, &json!({ "message": "Not Found" }));
        }
        let person = match self.identify(ask).await {
            Err(refused) => return refused,
            Ok(Some(person)) if person.gitlab == GitLab::Good => person,
            Ok(_) => return http::json(401, &json!({ "message": "401 Unauthorized" })),
        };
        let level: u64 = ask.query("min_access_level").and_then(|level| level.parse().ok()).unwrap_or(0);
        let members_only = ask.query("membership") == Some("true") || level > 20;
        let search = ask.query("search").unwrap_or_default().to_lowercase();
        let number = |name: &str, otherwise: usize| {
            ask.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
        };
        let (page, per_page) = (number("page", 1).max(1), number("per_page", 20).clamp(1, 100));
        let state = self.state();
        let mut seen: Vec<_> = state
            .projects
            .values()
            .filter(|p| if members_only { p.may_push(&person.name) } else { p.may_read(&person.name) })
            .filter(|p| p.path.to_lowercase().contains(&search))
            .enumerate()
            .collect();
        if ask.query("order_by") == Some("last_activity_at") {
            seen.sort_by_key(|(_, p)| std::cmp::Reverse(p.last_activity()));
        }
        let shown = seen.into_iter().skip((page - 1) * per_page).take(per_page);
        let list: Vec<Value> = shown.map(|(id, p)| self.gitlab_project(id, p, &person)).collect();
        http::json(200, &Value::Array(list))
    }

    fn gitlab_project(&self, id: usize, project: &Project, person: &Identity) -> Value {
        let url = format!("{}/{}", self.git_url, project.path);
        let level = if project.may_push(&person.name) { 40 } else { 20 };
        json!({
            "id": id + 1, "path_with_namespace": project.path, "name": project.name(), "web_url": url,
            "http_url_to_repo": format!("{url}.git"), "default_branch": project.default_branch,
            "visibility": if project.readers.is_none() { "public" } else { "private" },
            "last_activity_at": project.last_activity(),
            "permissions": { "project_access": { "access_level": level }, "group_access": null },
        })
    }

    /// The browser's login at Renku. The simulated one asks who it is, and then knows that person's GitLab token again.
    fn login(&self, ask: &Ask) -> HttpResponse {
        let back = ask.query("redirect_url").unwrap_or("/");
        if let Some(name) = ask.query("as") {
            self.state().sign_in(name);
            return http::redirect(302, back);
        }
        let names: Vec<String> = self.state().people.keys().cloned().collect();
        let link = |name: &String| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("redirect_url", back)
                .append_pair("as", name)
                .finish();
            format!(
                "<p><a href=\"?{}\">Sign in to Renku as {}</a></p>",
                html_escaped(&query),
                html_escaped(name)
            )
        };
        let links: String = names.iter().map(link).collect();
        let page = format!(
            "<!doctype html><title>Renku (simulated): sign in</title><h1>Renku (simulated)</h1>{links}"
        );
        http::text(200, "text/html; charset=utf-8", page)
    }
}

fn bearer(ask: &Ask) -> Option<&str> {
    let (scheme, token) = ask.header("Authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn identity(claims: &Claims, gitlab: GitLab) -> Option<Identity> {
    claims.text("name")?;
    let email = claims.text("email")?.to_owned();
    Some(Identity { name: claims.person().to_owned(), email, gitlab })
}

fn add_cookie(answer: &mut HttpResponse, cookie: &Cookie<'_>) {
    if let Ok(value) = cookie.to_string().parse() {
        answer.headers_mut().append(SET_COOKIE, value);
    }
}
