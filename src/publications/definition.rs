//! The workflow as a Dataverse's administrator registers it: one step after a publication, which calls us and waits.
//!
//! Registering it takes rights on Dataverse's own machine; here it is only written down.

use serde_json::{Value, json};

use crate::domain::ids::InstallationName;

/// What Dataverse sends. Numbers and identifiers only: it puts values in without any escaping, so that a title or citation would
/// break the JSON (Dataverse: `HttpSendReceiveClientStep.java`).
const BODY: &str = "{\"invocationId\":\"${invocationId}\",\"datasetId\":${dataset.id},\"globalId\":\"${dataset.globalId}\",\
                    \"majorVersion\":${majorVersion},\"minorVersion\":${minorVersion},\"releaseStatus\":\"${releaseStatus}\"}";

/// What a resume's body must match as a whole, a Java expression.
const EXPECTED: &str = "OK.*";

/// The definition for `POST /api/admin/workflows`, to be made the default of the trigger `PostPublishDataset`.
pub fn workflow(public_url: &str, installation: &InstallationName, secret: &str) -> Value {
    json!({
        "name": "Tell the Renku connector",
        "steps": [{
            "provider": ":internal",
            // Not `http/authext`, as the guide spells the other type: unknown types fail without a word.
            "stepType": "http/sr",
            "parameters": {
                "url": callback(public_url, installation, secret),
                "method": "POST",
                // Without `; charset=…`: Dataverse refuses that since 6.7.
                "contentType": "application/json",
                "body": BODY,
                "expectedResponse": EXPECTED,
            },
        }],
    })
}

/// The address that the workflow calls. It holds a secret, since a step can send no header.
pub fn callback(public_url: &str, installation: &InstallationName, secret: &str) -> String {
    format!("{}/dataverse/{installation}/published/{secret}", public_url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_what_dataverse_takes() {
        let workflow = workflow("https://c.example/", &"demo".parse().unwrap(), "0123456789abcdef0123");
        let parameters = &workflow["steps"][0]["parameters"];
        assert_eq!(parameters["url"], "https://c.example/dataverse/demo/published/0123456789abcdef0123");
        assert!(!parameters["contentType"].as_str().unwrap().contains([';', ',', '"']));
        for (name, value) in parameters.as_object().unwrap() {
            // Stored in a column of 2,048 characters.
            assert!(value.as_str().is_some_and(|text| text.len() <= 2_048), "{name}");
        }
        let body = parameters["body"].as_str().unwrap();
        assert!(!body.contains("displayName") && !body.contains("citation"));
        let filled = body
            .replace("${invocationId}", "2d1a6e1e-5b0f-4a5b-9a34-0c7f3d9b8e21")
            .replace("${dataset.id}", "42")
            .replace("${dataset.globalId}", "doi:10.5072/FK2/GLACIER")
            .replace("${majorVersion}", "1")
            .replace("${minorVersion}", "0")
            .replace("${releaseStatus}", "done");
        assert!(serde_json::from_str::<Value>(&filled).unwrap()["datasetId"] == 42);
    }
}
