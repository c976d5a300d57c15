//! The person's own projects, from the `GitLab` behind the gateway: which of them they may push to, the most recently used first.
//! Whether one is a Renku project shows when it is chosen.

use serde::Deserialize;

use super::RenkuCore;
use super::client::Call;
use super::error::RenkuCoreError as Error;
use super::jobs::path_in_gitlab;
use crate::domain::ports::renku::AccessToken;
use crate::domain::project::{Project, ProjectAddress, Visibility};
use crate::domain::time::Timestamp;

/// The most that `GitLab` gives on one page.
const PAGE: u32 = 100;

/// `GitLab` matches parts of words only from this length on; shorter texts are looked for by us, among the most recent.
const SEARCHED: usize = 3;

/// Pages in which one project is looked for.
const PAGES: u32 = 20;

/// Developer: the least that may push (`GitLab`: `Gitlab::Access::DEVELOPER`).
const MAY_PUSH: &str = "30";

/// A project of `GET /projects`.
#[derive(Debug, Deserialize)]
struct Listed {
    name: Option<String>,
    path_with_namespace: String,
    web_url: Option<String>,
    http_url_to_repo: Option<String>,
    visibility: Option<String>,
    last_activity_at: Option<String>,
    /// There only in answers to somebody whom `GitLab` knows.
    permissions: Option<serde::de::IgnoredAny>,
}

impl Listed {
    fn into_domain(self) -> Option<Project> {
        let address = |text: &Option<String>| text.as_ref()?.parse::<ProjectAddress>().ok();
        let address = address(&self.http_url_to_repo).or_else(|| address(&self.web_url))?;
        let known =
            |text: &String| Visibility::ALL.into_iter().find(|visibility| visibility.as_str() == text);
        Some(Project {
            address,
            title: self.name.unwrap_or_else(|| self.path_with_namespace.clone()),
            path: self.path_with_namespace,
            visibility: self.visibility.as_ref().and_then(known),
            last_activity: self.last_activity_at.as_deref().and_then(Timestamp::parse_rfc3339),
        })
    }

    fn mentions(&self, words: &str) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        self.path_with_namespace.to_lowercase().contains(words) || name.to_lowercase().contains(words)
    }
}

fn is_searched(search: &str) -> bool {
    search.chars().count() >= SEARCHED
}

impl RenkuCore {
    pub(super) async fn listed(
        &self,
        token: &AccessToken,
        search: &str,
        limit: u32,
    ) -> Result<Vec<Project>, Error> {
        let search = search.trim().to_lowercase();
        let at_gitlab = is_searched(&search);
        let limit = limit.clamp(1, PAGE);
        let most = if at_gitlab || search.is_empty() { limit } else { PAGE };
        let listed = self.listed_page(token, &search, most, 1).await?;
        Ok(listed
            .into_iter()
            .filter(|project| at_gitlab || project.mentions(&search))
            .filter_map(Listed::into_domain)
            .filter(|project| self.allowed(&project.address).is_ok())
            .take(limit as usize)
            .collect())
    }

    /// Whether the project is among those that the person may push to, however many they are.
    pub(super) async fn may_push_to(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
    ) -> Result<bool, Error> {
        let path = path_in_gitlab(project);
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        for page in 1..=PAGES {
            let listed = self.listed_page(token, &name, PAGE, page).await?;
            if listed.iter().any(|listed| listed.path_with_namespace.eq_ignore_ascii_case(path)) {
                return Ok(true);
            }
            if listed.len() < PAGE as usize {
                break;
            }
        }
        Ok(false)
    }

    /// A page of what the person may push to, narrowed where `GitLab` can search for it.
    async fn listed_page(
        &self,
        token: &AccessToken,
        search: &str,
        most: u32,
        page: u32,
    ) -> Result<Vec<Listed>, Error> {
        let (most, page) = (most.to_string(), page.to_string());
        let mut query = vec![
            ("membership", "true"),
            ("min_access_level", MAY_PUSH),
            ("archived", "false"),
            ("order_by", "last_activity_at"),
            ("sort", "desc"),
            ("per_page", most.as_str()),
            ("page", page.as_str()),
        ];
        if is_searched(search) {
            query.extend([("search", search), ("search_namespaces", "true")]);
        }
        let call = Call::get("/api/projects".to_owned(), query).by(token);
        let listed: Vec<Listed> = self.client.gitlab(call, self.settings.ask_timeout).await?;
        // What the gateway passed on as nobody's call is answered with everybody's public projects.
        if listed.first().is_some_and(|first| first.permissions.is_none()) {
            return Err(Error::GitSignInGone { words: "GitLab answers as to nobody".to_owned() });
        }
        Ok(listed)
    }
}

#[cfg(test)]
mod tests {
    use mockito::{Matcher, Mock, Server, ServerGuard};
    use serde_json::{Value, json};

    use super::super::tests::{core, token};
    use crate::domain::ports::renku::Renku as _;
    use crate::domain::problem::{Class, Fault, ProblemCode, SignInAt};
    use crate::domain::project::{Project, Visibility};

    fn listed(path: &str, host: &str, known: bool) -> Value {
        let name = path.rsplit('/').next();
        let mut project = json!({
            "path_with_namespace": path, "name": name, "web_url": format!("https://{host}/{path}"),
            "http_url_to_repo": format!("https://{host}/{path}.git"), "visibility": "private",
            "last_activity_at": "2026-07-22T14:51:27.123Z", "something": [1],
        });
        if known {
            project["permissions"] = json!({ "project_access": null, "group_access": null });
        }
        project
    }

    async fn gitlab(query: &[(&str, &str)], status: usize, body: &str) -> (ServerGuard, Mock) {
        let mut server = Server::new_async().await;
        let wanted = query.iter().map(|(k, v)| Matcher::UrlEncoded((*k).into(), (*v).into())).collect();
        let mock = server
            .mock("GET", "/api/projects")
            .match_query(Matcher::AllOf(wanted))
            .match_header("authorization", "Bearer the-token")
            .match_header("referer", Matcher::Missing)
            .with_status(status)
            .with_body(body)
            .create_async()
            .await;
        (server, mock)
    }

    async fn projects(server: &ServerGuard, search: &str) -> Result<Vec<Project>, Fault> {
        core(server).projects(&token(), search, 20).await
    }

    #[tokio::test]
    async fn only_what_the_person_may_push_to_is_asked_for_and_only_hosts_of_this_renku_are_offered() {
        let body = json!([listed("alice/finches", "git.example", true), listed("a/b", "evil.example", true)]);
        let wanted = [
            ("membership", "true"),
            ("min_access_level", "30"),
            ("order_by", "last_activity_at"),
            ("sort", "desc"),
            ("archived", "false"),
            ("per_page", "20"),
        ];
        let (server, mock) = gitlab(&wanted, 200, &body.to_string()).await;
        let found = projects(&server, "").await.unwrap();
        mock.assert_async().await;
        let [project] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(project.address.as_str(), "https://git.example/alice/finches");
        assert_eq!((project.title.as_str(), project.path.as_str()), ("finches", "alice/finches"));
        assert_eq!(project.visibility, Some(Visibility::Private));
        assert_eq!(project.last_activity.unwrap().to_string(), "2026-07-22T14:51:27.123Z");
    }

    #[tokio::test]
    async fn long_searches_are_gitlabs_and_short_ones_ours() {
        let body =
            json!([listed("alice/finches", "git.example", true), listed("alice/owls", "git.example", true)]);
        let at_gitlab = [("search", "finch"), ("search_namespaces", "true")];
        let (server, mock) = gitlab(&at_gitlab, 200, &body.to_string()).await;
        assert_eq!(projects(&server, " Finch ").await.unwrap().len(), 2, "GitLab knows what it found");
        mock.assert_async().await;
        let (server, _mock) = gitlab(&[("per_page", "100")], 200, &body.to_string()).await;
        let found = projects(&server, "Ow").await.unwrap();
        assert_eq!(found.iter().map(|project| project.title.as_str()).collect::<Vec<_>>(), ["owls"]);
    }

    #[tokio::test]
    async fn one_project_is_found_among_many_whatever_its_capitals() {
        let mut server = Server::new_async().await;
        let of_page = |number: &str, body: Value| {
            let query = [("page", number), ("search", "finches"), ("min_access_level", "30")];
            let wanted = query.iter().map(|(k, v)| Matcher::UrlEncoded((*k).into(), (*v).into())).collect();
            (Matcher::AllOf(wanted), body.to_string())
        };
        let another = |n| json!({"path_with_namespace": format!("alice/finches-{n}"), "permissions": {}});
        let many: Vec<_> = (0..100).map(another).collect();
        let few = json!([listed("Alice/Finches", "git.example", true)]);
        let mut mocks = Vec::new();
        for (query, body) in [of_page("1", json!(many)), of_page("2", few)] {
            let mock = server.mock("GET", "/api/projects").match_query(query).with_body(body);
            mocks.push(mock.expect(2).create_async().await);
        }
        let writable = async |project: &str| {
            let project = format!("https://git.example/{project}").parse().unwrap();
            core(&server).may_write(&token(), &project).await.map_err(|fault| fault.problem)
        };
        assert_eq!(writable("alice/finches").await, Ok(()));
        assert_eq!(writable("bob/finches").await.unwrap_err().code, ProblemCode::ProjectNotWritable);
        for mock in &mocks {
            mock.assert_async().await;
        }
        let elsewhere = "https://evil.example/alice/finches".parse().unwrap();
        let refused = core(&server).may_write(&token(), &elsewhere).await.unwrap_err();
        assert_eq!(refused.problem.code, ProblemCode::ProjectHostNotAllowed);
    }

    #[tokio::test]
    async fn each_refusal_has_its_name() {
        let renku = Class::SignIn(SignInAt::Renku);
        let public = json!([listed("somebody/else", "git.example", false)]).to_string();
        for (status, body, class, code) in [
            (200, public.as_str(), renku, ProblemCode::RenkuSignInNeeded),
            (401, r#"{"message":"401 Unauthorized"}"#, renku, ProblemCode::RenkuSignInNeeded),
            (401, r#"{"error":"invalid_token"}"#, renku, ProblemCode::RenkuSignInNeeded),
            (
                401,
                r#"{"error":"authentication","message":"token expired","target":"renku"}"#,
                Class::SignIn(SignInAt::Connector),
                ProblemCode::TokenExpired,
            ),
            (404, r#"{"message":"Not Found"}"#, Class::Permanent, ProblemCode::RenkuApiNotOffered),
            (200, "<html>Renku</html>", Class::Permanent, ProblemCode::RenkuApiNotOffered),
            (200, r#"{"result":[]}"#, Class::Permanent, ProblemCode::RenkuNotUnderstood),
            (502, "bad gateway", Class::Outage { after: None }, ProblemCode::RenkuUnreachable),
        ] {
            let (server, _mock) = gitlab(&[], status, body).await;
            let fault = projects(&server, "").await.unwrap_err();
            assert_eq!((fault.class, fault.problem.code), (class, code), "{status} {body}");
        }
    }
}
