//! At a Dataverse: the button, the workflow that tells of publications, and the addresses from which it is resumed.

use std::process::ExitCode;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::{named, say};
use crate::adapters::registration::Registry;
use crate::app;
use crate::cli::args::RegisterArgs;
use crate::cli::{Named, not_configured, out};
use crate::config::{Config, DataverseConfig};
use crate::doctor::{Program, drift, quoted};
use crate::domain::ids::InstallationName;
use crate::domain::manifest;
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::registered::{Deed, Plan, Registered, Wanted};
use crate::publications::definition;

/// Where Dataverse's own machine has it.
const LOCAL: &str = "http://localhost:8080";

/// What one run is about.
struct Task<'a> {
    program: Program,
    name: InstallationName,
    dataverse: &'a DataverseConfig,
    args: &'a RegisterArgs,
    tool: Value,
    /// `None`: no secret is configured for announcements.
    workflow: Option<Wanted>,
    /// The admin API.
    admin: Option<Registry>,
    /// Who may change tools.
    tools: Option<Registry>,
    /// The addresses that this run put on the list: to undo it takes these away, and none that were there.
    added: Vec<String>,
}

pub(super) async fn register(
    config: &Config,
    program: Program,
    name: &str,
    args: &RegisterArgs,
) -> anyhow::Result<ExitCode> {
    let unknown = || {
        not_configured(
            ProblemCode::InstallationUnknown,
            "--installation",
            Some(name),
            config.dataverse.keys(),
        )
    };
    let name: InstallationName = name.parse().map_err(|_not_a_name| unknown())?;
    let dataverse = config.dataverse.get(&name).ok_or_else(unknown)?;
    let tool = manifest::external_tool(config.public_url.as_str(), &name);
    if args.json {
        out::json(&tool)?;
        return Ok(ExitCode::SUCCESS);
    }
    let workflow = wanted(config, &name, dataverse, args);
    if args.workflow_json {
        let missing = || Named(Problem::new(ProblemCode::WorkflowSecretMissing));
        out::json(&workflow.ok_or_else(missing)?.workflow)?;
        return Ok(ExitCode::SUCCESS);
    }
    let admin = || match &args.admin_url {
        Some(url) => {
            let key = args.unblock_key_file.as_ref().map(std::fs::read_to_string).transpose();
            let key = key.context("the file with the unblock key cannot be read")?;
            let key = key.map(|key| SecretString::from(key.trim().to_owned()));
            anyhow::Ok(Some(Registry::of_admin(url.as_str(), key, app::http_client(config)?)))
        }
        None => Ok(None),
    };
    let superuser = |token: &SecretString| {
        let http = app::http_client(config)?;
        anyhow::Ok(Registry::of_superuser(dataverse.site_url.as_str(), token.clone(), http))
    };
    let tools = match admin()? {
        Some(admin) => Some(admin),
        None => dataverse.api_token.as_ref().map(superuser).transpose()?,
    };
    let added = Vec::new();
    let mut task = Task { program, name, dataverse, args, tool, workflow, admin: admin()?, tools, added };
    let button = task.button(config).await?;
    let workflow = task.workflow().await?;
    if args.apply && !args.remove && button && workflow {
        say(args, "undo");
        out::line(task.undo());
    }
    Ok(if button && workflow { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wanted(
    config: &Config,
    name: &InstallationName,
    dataverse: &DataverseConfig,
    args: &RegisterArgs,
) -> Option<Wanted> {
    let secret = dataverse.workflow_secrets.first()?;
    let public_url = config.public_url.as_str();
    Some(Wanted {
        workflow: definition::workflow(public_url, name, secret.expose_secret()),
        callback: definition::callback(public_url, name, ""),
        addresses: args.resume_address.iter().map(ToString::to_string).collect(),
    })
}

impl Task<'_> {
    /// The button; whether all is well with it, as far as that was asked for.
    async fn button(&self, config: &Config) -> anyhow::Result<bool> {
        let tools = if let Some(admin) = &self.admin {
            admin.tools().await.map_err(named)?
        } else {
            let doctor = app::doctor(config)?;
            let probe = doctor.installations.iter().find(|installation| installation.name == self.name);
            let probe = &probe.context("the installation is configured")?.probe;
            if !probe.facts().await.map_err(named)?.at_least(6, 6) {
                if self.args.remove {
                    say(self.args, "old-dataverse-remove");
                    out::line(format!("curl {LOCAL}/api/admin/externalTools"));
                    out::line(format!("curl -X DELETE {LOCAL}/api/admin/externalTools/ID"));
                } else {
                    say(self.args, "old-dataverse");
                    self.on_the_host();
                }
                return Ok(!self.args.apply);
            }
            probe.tools().await.map_err(named)?
        };
        // Those that lead to us, whatever else is in them; those of others are left alone.
        let there: Vec<_> =
            tools.into_iter().filter(|there| there.get("toolUrl") == self.tool.get("toolUrl")).collect();
        if self.args.remove {
            return self.remove_button(&there).await;
        }
        match drift(&there, &self.tool) {
            None => say(self.args, "tool-missing"),
            Some(differs) if differs.is_empty() && there.len() == 1 => {
                say(self.args, "tool-there");
                return Ok(true);
            }
            Some(differs) => {
                say(self.args, "tool-differs");
                for difference in differs {
                    out::line(format!("  {difference}"));
                }
            }
        }
        let Some(registry) = self.tools.as_ref().filter(|_| self.args.apply) else {
            say(self.args, "by-hand");
            out::line(self.curl_post());
            there.iter().filter_map(id).for_each(|id| out::line(self.curl_delete(id)));
            say(self.args, "on-the-host");
            self.on_the_host();
            return Ok(!self.args.apply);
        };
        // The new one first: nobody finds the page without a button, and after a crash in between the next run takes the old one away.
        registry.add_tool(&self.tool).await.map_err(named)?;
        for old in there.iter().filter_map(id) {
            registry.remove_tool(old).await.map_err(named)?;
        }
        say(self.args, "tool-applied");
        Ok(true)
    }

    async fn remove_button(&self, there: &[Value]) -> anyhow::Result<bool> {
        if there.is_empty() {
            say(self.args, "tool-none");
            return Ok(true);
        }
        let Some(registry) = self.tools.as_ref().filter(|_| self.args.apply) else {
            say(self.args, if self.tools.is_some() { "tool-would-go" } else { "by-hand" });
            there.iter().filter_map(id).for_each(|id| out::line(self.curl_delete(id)));
            return Ok(!self.args.apply);
        };
        for old in there.iter().filter_map(id) {
            registry.remove_tool(old).await.map_err(named)?;
        }
        say(self.args, "tool-removed");
        Ok(true)
    }

    /// The workflow and its addresses; whether all is well with them, as far as that was asked for.
    async fn workflow(&mut self) -> anyhow::Result<bool> {
        let Some(wanted) = &self.workflow else {
            say(self.args, "workflow-without-secret");
            return Ok(true);
        };
        let Some(admin) = &self.admin else {
            say(self.args, if self.args.remove { "workflow-remove-by-hand" } else { "workflow-by-hand" });
            out::line(self.ourselves_on_the_host());
            self.by_hand();
            return Ok(true);
        };
        let there = admin.workflows().await.map_err(named)?;
        if self.args.remove {
            let plan = there.to_remove(wanted);
            if plan.deeds.is_empty() {
                say(self.args, "workflow-none");
                return Ok(true);
            }
            return self.carry_out(admin, wanted, &plan, "workflow-removed").await.map(|()| true);
        }
        let plan = there.to_register(wanted, self.args.replace);
        if !plan.differs.is_empty() {
            say(self.args, "workflow-differs");
            plan.differs
                .iter()
                .for_each(|line| out::line(format!("  {}", without_secrets(line, &wanted.callback))));
        }
        if plan.deeds.is_empty() && plan.foreign.is_none() {
            say(self.args, "workflow-there");
        } else if !plan.deeds.is_empty() {
            self.carry_out(admin, wanted, &plan, "workflow-applied").await?;
        }
        self.added =
            wanted.addresses.iter().filter(|address| !there.addresses.contains(address)).cloned().collect();
        if let Some(id) = plan.foreign {
            say(self.args, "workflow-foreign");
            out::line(format!("  {id}: {}", name_of(&there, id)));
        }
        if wanted.addresses.is_empty() {
            say(self.args, "resume-addresses");
            out::line(format!("  {}", there.addresses.join(", ")));
        }
        if self.args.replace
            && let Some(before) =
                there.default.filter(|_| plan.deeds.iter().any(|deed| matches!(deed, Deed::MakeDefault(_))))
        {
            say(self.args, "workflow-replaced");
            out::line(format!("  {}", self.curl(&Deed::MakeDefault(Some(before)))));
        }
        Ok(plan.foreign.is_none() || !self.args.apply)
    }

    /// Does it and says so with this text, or only shows it.
    async fn carry_out(
        &self,
        admin: &Registry,
        wanted: &Wanted,
        plan: &Plan,
        done: &str,
    ) -> anyhow::Result<()> {
        if self.args.apply {
            say(self.args, done);
            return self.done(admin, wanted, plan).await;
        }
        say(self.args, "workflow-would");
        plan.deeds.iter().for_each(|deed| out::line(format!("  {}", self.curl(deed))));
        Ok(())
    }

    async fn done(&self, admin: &Registry, wanted: &Wanted, plan: &Plan) -> anyhow::Result<()> {
        let mut added = None;
        for deed in &plan.deeds {
            out::line(format!("  {}", self.curl(deed)));
            let done = match deed {
                Deed::Add => admin.add_workflow(&wanted.workflow).await.map(|id| added = Some(id)),
                Deed::MakeDefault(id) => admin.set_default(id.or(added)).await,
                Deed::NoDefault => admin.set_default(None).await,
                Deed::Remove(id) => admin.remove_workflow(*id).await,
                Deed::Addresses(addresses) => admin.set_addresses(addresses).await,
                Deed::NoAddresses => admin.set_addresses(&[]).await,
            };
            done.map_err(named)?;
        }
        Ok(())
    }

    /// The same by hand, on Dataverse's own machine.
    fn curl(&self, deed: &Deed) -> String {
        let base = self.args.admin_url.as_ref().map_or(LOCAL, |url| url.as_str()).trim_end_matches('/');
        let default = format!("{base}/api/admin/workflows/default/PostPublishDataset");
        let addresses = format!("{base}/api/admin/workflows/ip-whitelist");
        match deed {
            Deed::Add => format!(
                "{} register --installation {} --workflow-json | curl -X POST -H 'Content-Type: application/json' \
                 --data @- {base}/api/admin/workflows",
                self.program, self.name
            ),
            Deed::MakeDefault(Some(id)) => format!("curl -X PUT -d {id} {default}"),
            Deed::MakeDefault(None) => format!("curl -X PUT -d ID {default}"),
            Deed::NoDefault => format!("curl -X DELETE {default}"),
            Deed::Remove(id) => format!("curl -X DELETE {base}/api/admin/workflows/{id}"),
            Deed::Addresses(all) => format!("curl -X PUT -d '{}' {addresses}", all.join(";")),
            Deed::NoAddresses => format!("curl -X DELETE {addresses}"),
        }
    }

    fn by_hand(&self) {
        let shown = format!("curl {LOCAL}/api/admin/workflows/default/PostPublishDataset");
        let deeds: &[Deed] =
            if self.args.remove { &[Deed::NoDefault] } else { &[Deed::Add, Deed::MakeDefault(None)] };
        out::line(format!("  {shown}"));
        for deed in deeds {
            out::line(format!("  {}", self.curl(deed)));
        }
        out::line(format!("  curl {LOCAL}/api/admin/workflows/ip-whitelist"));
    }

    fn ourselves_on_the_host(&self) -> String {
        let what = if self.args.remove { "--remove --apply" } else { "--apply" };
        format!("  {} register --installation {} --admin-url {LOCAL} {what}", self.program, self.name)
    }

    fn undo(&self) -> String {
        let mut words =
            vec![format!("{} register --installation {} --remove --apply", self.program, self.name)];
        words.extend(self.args.admin_url.iter().map(|url| format!("--admin-url {url}")));
        let key = self.args.unblock_key_file.as_ref().and_then(|file| std::path::absolute(file).ok());
        words.extend(key.map(|file| format!("--unblock-key-file {}", quoted(&file.to_string_lossy()))));
        words.extend(self.added.iter().map(|address| format!("--resume-address {address}")));
        words.join(" ")
    }

    fn site(&self) -> &str {
        self.dataverse.site_url.as_str().trim_end_matches('/')
    }

    fn curl_post(&self) -> String {
        format!(
            "curl -X POST -H \"X-Dataverse-key: $API_TOKEN\" -H 'Content-Type: application/json' --data {} {}/api/externalTools",
            in_quotes(&self.tool.to_string()),
            self.site(),
        )
    }

    fn curl_delete(&self, id: i64) -> String {
        if let Some(admin) = &self.args.admin_url {
            let base = admin.as_str().trim_end_matches('/');
            return format!("curl -X DELETE {base}/api/admin/externalTools/{id}");
        }
        format!("curl -X DELETE -H \"X-Dataverse-key: $API_TOKEN\" {}/api/externalTools/{id}", self.site())
    }

    fn on_the_host(&self) {
        out::line(format!(
            "curl -X POST -H 'Content-Type: application/json' --data {} {LOCAL}/api/admin/externalTools",
            in_quotes(&self.tool.to_string()),
        ));
    }
}

fn id(tool: &Value) -> Option<i64> {
    tool.get("id").and_then(Value::as_i64)
}

fn name_of(there: &Registered, id: i64) -> &str {
    let found = there.workflows.iter().find(|(known, _)| *known == id);
    found.and_then(|(_, workflow)| workflow.get("name")?.as_str()).unwrap_or_default()
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The text without what follows our callback's address: an older secret may still be valid.
fn without_secrets(text: &str, callback: &str) -> String {
    let mut parts = text.split(callback);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str(callback);
        shown.push('…');
        shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_.~%".contains(c)));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn a_difference_is_shown_without_its_secret() {
        let told = "steps: [{\"url\":\"https://c.example/published/old-1\"}] instead of \"https://c.example/published/new_2\"";
        let shown = "steps: [{\"url\":\"https://c.example/published/…\"}] instead of \"https://c.example/published/…\"";
        assert_eq!(without_secrets(told, "https://c.example/published/"), shown);
    }
}
