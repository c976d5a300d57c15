//! What has to be done at a Dataverse so that it tells us of publications, or forgets us: what is registered there against what
//! should be. Pure; `register` does it and says it.

use serde_json::{Map, Value};

/// What a Dataverse answers about addresses where nobody set any.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "::1"];

/// What is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// Every workflow, with its number.
    pub workflows: Vec<(i64, Value)>,
    /// The default one after publications.
    pub default: Option<i64>,
    /// The addresses from which a workflow may be resumed.
    pub addresses: Vec<String>,
}

/// What should be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The workflow.
    pub workflow: Value,
    /// How the address that it calls begins, up to the secret: by this ours are known.
    pub callback: String,
    /// The addresses from which we resume.
    pub addresses: Vec<String>,
}

/// One call of the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Register our workflow; its number comes with the answer.
    Add,
    /// Make this workflow, or the one just added, the default after publications.
    MakeDefault(Option<i64>),
    /// No default after publications any more.
    NoDefault,
    /// Take a workflow of ours away.
    Remove(i64),
    /// Let workflows be resumed from these addresses.
    Addresses(Vec<String>),
    /// Let them be resumed from where Dataverse itself would.
    NoAddresses,
}

/// What to do, in this order: cut off anywhere, the next run does the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The calls.
    pub deeds: Vec<Deed>,
    /// Somebody else's default workflow, which stays.
    pub foreign: Option<i64>,
    /// How the registered workflow differs from ours.
    pub differs: Vec<String>,
}

impl Registered {
    /// The workflows of which every step calls us; one with steps of others is theirs.
    fn ours<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = &'a (i64, Value)> {
        let calls_us = |step: &Value| {
            let url = step.pointer("/parameters/url").and_then(Value::as_str);
            url.is_some_and(|url| url.starts_with(&wanted.callback))
        };
        self.workflows.iter().filter(move |(_, workflow)| {
            let steps = steps(workflow);
            !steps.is_empty() && steps.iter().all(calls_us)
        })
    }

    /// Whether the default workflow is others', and our step was put into it.
    fn shared(&self, wanted: &Wanted) -> bool {
        let default = self.workflows.iter().find(|(id, _)| Some(*id) == self.default);
        let Some(ours) = steps(&wanted.workflow).first() else { return false };
        default.is_some_and(|(_, workflow)| steps(workflow).iter().any(|step| holds(step, ours)))
    }

    /// Registers ours; somebody else's default gives way only if `replace` says so.
    pub fn to_register(&self, wanted: &Wanted, replace: bool) -> Plan {
        let mut plan = Plan::default();
        let ours: Vec<_> = self.ours(wanted).collect();
        let is_ours = |id: i64| ours.iter().any(|(known, _)| *known == id);
        let shared = self.default.is_some_and(|id| !is_ours(id)) && self.shared(wanted);
        let fitting = ours.iter().filter(|(_, there)| differences(there, &wanted.workflow).is_empty());
        // The default one first, so that it stays where it is.
        let kept = fitting.map(|(id, _)| *id).max_by_key(|id| (self.default == Some(*id), *id));
        if kept.is_none() && !shared {
            plan.deeds.push(Deed::Add);
            plan.differs =
                ours.last().map(|(_, there)| differences(there, &wanted.workflow)).unwrap_or_default();
        }
        plan.foreign = self.default.filter(|id| !replace && !shared && !is_ours(*id));
        if plan.foreign.is_none() && !shared && (kept.is_none() || kept != self.default) {
            plan.deeds.push(Deed::MakeDefault(kept));
        }
        let mut addresses = self.addresses.clone();
        addresses
            .extend(wanted.addresses.iter().filter(|address| !self.addresses.contains(address)).cloned());
        if addresses != self.addresses {
            plan.deeds.push(Deed::Addresses(addresses));
        }
        // Last, since Dataverse refuses it while invocations of the old one wait.
        let old = ours.iter().map(|(id, _)| *id).filter(|id| Some(*id) != kept);
        plan.deeds.extend(old.map(Deed::Remove));
        plan
    }

    /// Takes ours away; what is others' stays.
    pub fn to_remove(&self, wanted: &Wanted) -> Plan {
        let mut deeds = Vec::new();
        let ours: Vec<_> = self.ours(wanted).map(|(id, _)| *id).collect();
        if self.default.is_some_and(|id| ours.contains(&id)) {
            deeds.push(Deed::NoDefault);
        }
        deeds.extend(ours.into_iter().map(Deed::Remove));
        let left: Vec<_> =
            self.addresses.iter().filter(|address| !wanted.addresses.contains(address)).cloned().collect();
        if left != self.addresses {
            deeds.push(if left.is_empty() || left == LOOPBACK {
                Deed::NoAddresses
            } else {
                Deed::Addresses(left)
            });
        }
        Plan { deeds, ..Plan::default() }
    }
}

fn steps(workflow: &Value) -> &[Value] {
    workflow.get("steps").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What of ours is otherwise in what is registered, as a diff: a line with `-` for what is there, one with `+` for what should be.
pub fn differences(found: &Value, ours: &Value) -> Vec<String> {
    let empty = Map::new();
    let fields = ours.as_object().unwrap_or(&empty);
    let mut lines = Vec::new();
    for (key, wanted) in fields {
        let there = found.get(key).map(unfolded);
        // Dataverse adds keys of its own inside, and leaves the rest as it was given.
        if there.as_ref().is_some_and(|there| holds(there, wanted)) {
            continue;
        }
        lines.extend(there.map(|there| format!("- {key}: {there}")));
        lines.push(format!("+ {key}: {wanted}"));
    }
    lines
}

/// Before 6.8 parameters and calls are told as JSON inside of a text.
fn unfolded(value: &Value) -> Value {
    let text = value.as_str().filter(|text| text.starts_with(['{', '[']));
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}

fn holds(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| there.get(key).is_some_and(|there| holds(there, value)))
        }
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len()
                && there.iter().zip(wanted).all(|(there, wanted)| holds(there, wanted))
        }
        _ => there == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workflow(url: &str) -> Value {
        json!({"name": "x", "steps": [{"stepType": "http/sr", "parameters": {"url": url}}]})
    }

    fn wanted() -> Wanted {
        Wanted {
            workflow: workflow("https://c.example/published/two"),
            callback: "https://c.example/published/".to_owned(),
            addresses: vec!["192.0.2.7".to_owned()],
        }
    }

    fn there(workflows: &[(i64, &str)], default: Option<i64>) -> Registered {
        Registered {
            workflows: workflows.iter().map(|(id, url)| (*id, workflow(url))).collect(),
            default,
            addresses: ["127.0.0.1", "::1", "192.0.2.7"].map(str::to_owned).to_vec(),
        }
    }

    const OURS: &str = "https://c.example/published/two";
    const OLD: &str = "https://c.example/published/one";
    const THEIRS: &str = "https://archive.example/";

    #[test]
    fn what_is_missing_is_done_and_nothing_else() {
        use Deed::{Add, MakeDefault, Remove};
        let table: [(Registered, bool, Vec<Deed>, Option<i64>); 8] = [
            (there(&[], None), false, vec![Add, MakeDefault(None)], None),
            (there(&[(1, OURS)], Some(1)), false, vec![], None),
            (there(&[(1, OURS)], None), false, vec![MakeDefault(Some(1))], None),
            (there(&[(1, OURS), (2, OURS)], Some(1)), false, vec![Remove(2)], None),
            (there(&[(1, OLD)], Some(1)), false, vec![Add, MakeDefault(None), Remove(1)], None),
            (there(&[(1, THEIRS)], Some(1)), false, vec![Add], Some(1)),
            (there(&[(1, THEIRS), (2, OURS)], Some(1)), false, vec![], Some(1)),
            (there(&[(1, THEIRS), (2, OURS)], Some(1)), true, vec![MakeDefault(Some(2))], None),
        ];
        for (there, replace, deeds, foreign) in table {
            let plan = there.to_register(&wanted(), replace);
            assert_eq!((plan.deeds, plan.foreign), (deeds, foreign), "{there:?}");
        }
        let differs = there(&[(1, OLD)], Some(1)).to_register(&wanted(), false).differs;
        assert!(differs[0].contains("published/one"), "{differs:?}");
    }

    #[test]
    fn a_workflow_of_others_with_our_step_in_it_is_theirs_and_enough() {
        let mut there = there(&[(1, OURS)], Some(1));
        let step = json!({"stepType": "archiver", "parameters": {}});
        there.workflows[0].1["steps"].as_array_mut().unwrap().push(step);
        assert_eq!(there.to_register(&wanted(), true), Plan::default());
        assert_eq!(there.to_remove(&wanted()).deeds, [Deed::NoAddresses]);
        there.workflows[0].1["steps"][0] = workflow(OLD)["steps"][0].clone();
        assert_eq!(
            there.to_register(&wanted(), false).foreign,
            Some(1),
            "with an older secret it does not call us"
        );
    }

    #[test]
    fn addresses_are_merged_and_taken_out_again() {
        let mut there = there(&[(1, OURS)], Some(1));
        there.addresses = vec!["127.0.0.1".to_owned(), "::1".to_owned()];
        let plan = there.to_register(&wanted(), false);
        let all = ["127.0.0.1", "::1", "192.0.2.7"].map(str::to_owned).to_vec();
        assert_eq!(plan.deeds, [Deed::Addresses(all.clone())]);
        there.addresses = all;
        assert_eq!(there.to_remove(&wanted()).deeds, [Deed::NoDefault, Deed::Remove(1), Deed::NoAddresses]);
        there.addresses.push("198.51.100.1".to_owned());
        let left = ["127.0.0.1", "::1", "198.51.100.1"].map(str::to_owned).to_vec();
        assert_eq!(there.to_remove(&wanted()).deeds.last(), Some(&Deed::Addresses(left)));
    }

    #[test]
    fn of_others_nothing_is_taken_away() {
        let mut there = there(&[(1, THEIRS)], Some(1));
        there.addresses = vec!["198.51.100.1".to_owned()];
        assert_eq!(there.to_remove(&wanted()), Plan::default());
    }
}
