//! How the connector introduces itself to a Dataverse: the manifest of its external tool, ready to be registered.
//!
//! The rules are Dataverse's (`ExternalTool.java`, `ExternalToolServiceBean.java`, `URLTokenUtil.java`).

use serde_json::{Value, json};

use super::ids::InstallationName;

/// What the button in Dataverse says.
pub const BUTTON: &str = "Import into Renku";

/// The key under which a Dataverse may keep translations of the button.
pub const TOOL_NAME: &str = "importIntoRenku";

/// Where the button leads; the installation stands in the path, since Dataverse appends a `?` of its own.
pub fn launch_url(public_url: &str, installation: &InstallationName) -> String {
    format!("{}/launch/{installation}", public_url.trim_end_matches('/'))
}

/// The manifest for this installation; `public_url` is our own address.
///
/// `allowedApiCalls` makes Dataverse send a signed callback, and has one call, made at once and never kept: a look at the version as
/// the person sees it, to tell a draft from a dataset that is not public and from one that does not exist. The number of the dataset
/// stands in its path, because Dataverse 6.10 and 6.11 sign a PID in a query wrongly.
pub fn external_tool(public_url: &str, installation: &InstallationName) -> Value {
    json!({
        "displayName": BUTTON,
        "description": "Imports this dataset into one of your projects in Renku.",
        "toolName": TOOL_NAME,
        "scope": "dataset",
        "types": ["explore"],
        "toolUrl": launch_url(public_url, installation),
        "toolParameters": {
            "httpMethod": "GET",
            "queryParameters": [
                { "datasetId": "{datasetId}" },
                { "datasetPid": "{datasetPid}" },
                { "datasetVersion": "{datasetVersion}" },
                { "locale": "{localeCode}" },
            ],
        },
        "allowedApiCalls": [
            {
                "name": "getVersion",
                "httpMethod": "GET",
                "urlTemplate": "/api/v1/datasets/{datasetId}/versions/:latest?excludeFiles=true",
                "timeOut": 5,
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_keeps_every_rule_of_dataverse() {
        let longest = "x".repeat(40);
        let name: InstallationName = longest.parse().unwrap();
        let manifest = external_tool("https://connector.example.org/below/", &name);
        let text = |pointer: &str| manifest.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        assert_eq!((text("/scope").as_str(), &manifest["types"]), ("dataset", &json!(["explore"])));
        assert_eq!(text("/toolUrl"), format!("https://connector.example.org/below/launch/{longest}"));
        assert!(
            text("/displayName").len() <= 255 && text("/toolUrl").len() <= 255,
            "columns of 255 characters"
        );
        assert!(!text("/toolUrl").contains('?'), "Dataverse appends a second one");
        let parameters = &manifest["toolParameters"];
        assert!(parameters.to_string().len() <= 255, "a column of 255 characters: {parameters}");
        assert_eq!(parameters["httpMethod"], "GET", "elsewhere it is not read");
        assert_eq!(manifest.get("httpMethod"), None);
        assert_eq!(parameters.get("allowedApiCalls"), None, "elsewhere they are not read");
        let reserved = ["{datasetId}", "{datasetPid}", "{datasetVersion}", "{localeCode}"];
        let asked: Vec<_> = parameters["queryParameters"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|pair| pair.as_object().unwrap().values().cloned())
            .collect();
        assert_eq!(
            asked, reserved,
            "each is one reserved word that a dataset has; none is the person's API token"
        );
        let calls = manifest["allowedApiCalls"].as_array().unwrap();
        assert!(!calls.is_empty(), "without one the callback still comes, and nothing could be looked at");
        for call in calls {
            let template = call["urlTemplate"].as_str().unwrap();
            assert!(
                template.starts_with("/api/v1/"),
                "other paths are signed as what Dataverse does not see"
            );
            assert!(!template.contains("{datasetPid}") && !template.contains("{file"), "{template}");
            let query = template.split_once('?').map_or("", |(_, query)| query);
            let survives = |c: char| c.is_ascii_alphanumeric() || "-._*=&".contains(c);
            assert!(
                query.chars().all(survives),
                "Dataverse 6.10 and 6.11 sign other characters wrongly: {query}"
            );
            assert!(call["name"].is_string() && call["httpMethod"] == "GET" && call["timeOut"].is_u64());
        }
    }
}
