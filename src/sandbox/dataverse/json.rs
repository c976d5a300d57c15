//! The JSON Dataverse answers with: envelopes, versions, files, the schema.org export.
//! Key names and texts follow Dataverse 6.11 (`JsonPrinter`, `AbstractApiBean`); absent keys stand for null, as there.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::model::{Dataset, File, Version};
use crate::sandbox::http;

/// The success envelope.
pub(super) fn ok(data: &Value) -> HttpResponse {
    http::json(200, &json!({ "status": "OK", "data": data }))
}

/// The ordinary error envelope.
pub(super) fn error(status: u16, message: &str) -> HttpResponse {
    http::json(status, &json!({ "status": "ERROR", "message": message }))
}

/// An error answer on its way out of whatever could not be done.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Box<HttpResponse>);

/// The ordinary error envelope, to be returned as an error.
pub(super) fn refused(status: u16, message: &str) -> Refused {
    Refused(Box::new(error(status, message)))
}

/// An exception on Dataverse's side.
pub(super) fn broken() -> Refused {
    refused(500, "Internal server error. More details available at the server logs.")
}

/// The error envelope of the framework around the API.
pub(super) fn framework_error(status: u16, message: &str, url: &str, method: &str) -> HttpResponse {
    let body = json!({ "status": "ERROR", "code": status, "message": message, "requestUrl": url, "requestMethod": method });
    http::json(status, &body)
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn put(object: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Some(map), Some(value)) = (object.as_object_mut(), value) {
        map.insert(key.to_owned(), value.into());
    }
}

fn primitive(name: &str, value: &str) -> Value {
    json!({ "typeName": name, "multiple": false, "typeClass": "primitive", "value": value })
}

fn citation_block(dataset: &Dataset) -> Value {
    let author = json!({
        "authorName": primitive("authorName", "Finch, Fiona"),
        "authorAffiliation": primitive("authorAffiliation", "Birds Inc."),
    });
    let description = json!({ "dsDescriptionValue": primitive("dsDescriptionValue", dataset.description()) });
    json!({
        "displayName": "Citation Metadata",
        "name": "citation",
        "fields": [
            primitive("title", &dataset.title()),
            { "typeName": "author", "multiple": true, "typeClass": "compound", "value": [author] },
            { "typeName": "dsDescription", "multiple": true, "typeClass": "compound", "value": [description] },
            { "typeName": "subject", "multiple": true, "typeClass": "controlledVocabulary",
              "value": ["Earth and Environmental Sciences"] },
        ],
    })
}

fn put_licence(object: &mut Value, dataset: &Dataset) {
    if let Some(terms) = &dataset.spec.terms {
        put(object, "termsOfUse", Some(terms.clone()));
        return;
    }
    let licence = json!({
        "name": "CC0 1.0", "uri": "http://creativecommons.org/publicdomain/zero/1.0",
        "rightsIdentifier": "CC0-1.0", "rightsIdentifierScheme": "SPDX",
        "schemeUri": "https://spdx.org/licenses/", "languageCode": "en",
    });
    put(object, "license", Some(licence));
}

/// A version object; with `files` when asked for.
pub(super) fn version(dataset: &Dataset, version: &Version, with_files: bool) -> Value {
    let mut out = json!({
        "id": version.id,
        "datasetId": dataset.id,
        "datasetPersistentId": dataset.spec.pid,
        "datasetType": "dataset",
        "storageIdentifier": format!("file://{}", dataset.pid_url().trim_start_matches("https://doi.org/")),
        "versionState": version.state(),
        "latestVersionPublishingState": dataset.draft.as_ref().or(dataset.versions.last()).map_or("DRAFT", Version::state),
        "lastUpdateTime": time(version.updated.or(version.released).unwrap_or(version.created)),
        "createTime": time(version.created),
        "fileAccessRequest": true,
        "metadataBlocks": { "citation": citation_block(dataset) },
    });
    put(&mut out, "versionNumber", version.number.map(|(major, _)| major));
    put(&mut out, "versionMinorNumber", version.number.map(|(_, minor)| minor));
    put(&mut out, "releaseTime", version.released.map(time));
    put(&mut out, "publicationDate", version.released.map(day));
    put(&mut out, "citationDate", version.released.map(day));
    put(&mut out, "guestbookId", dataset.spec.guestbook);
    put_licence(&mut out, dataset);
    if with_files {
        let files: Vec<_> = version.files.iter().map(|f| file(version, f)).collect();
        put(&mut out, "files", Some(files));
    }
    out
}

/// A file item of a version.
pub(super) fn file(version: &Version, file: &File) -> Value {
    let checksum_type = if file.spec.sha256 { "SHA-256" } else { "MD5" };
    let mut data = json!({
        "id": file.id,
        "persistentId": file.spec.pid.as_deref().unwrap_or_default(),
        "filename": file.spec.name,
        "contentType": file.content_type(),
        "friendlyType": file.content_type(),
        "filesize": file.bytes.len(),
        "storageIdentifier": format!("file://sandbox-{}", file.id),
        "rootDataFileId": -1,
        "checksum": { "type": checksum_type, "value": file.checksum },
        "tabularData": file.spec.original.is_some(),
        "creationDate": day(version.created),
        "lastUpdateTime": time(version.created),
        "fileAccessRequest": true,
    });
    put(&mut data, "publicationDate", version.released.map(day));
    put(&mut data, "directoryLabel", file.spec.dir.clone());
    put(&mut data, "md5", (!file.spec.sha256).then(|| file.checksum.clone()));
    put(
        &mut data,
        "embargo",
        file.spec.embargo.as_ref().map(|day| json!({ "dateAvailable": day, "reason": "Paper under review" })),
    );
    put(&mut data, "retention", file.spec.retention.as_ref().map(|day| json!({ "dateUnavailable": day })));
    if let Some(original) = &file.spec.original {
        put(&mut data, "originalFileFormat", Some(original.content_type.clone()));
        put(&mut data, "originalFormatLabel", Some(original.label.clone()));
        put(&mut data, "originalFileSize", Some(original.text.len()));
        put(&mut data, "originalFileName", Some(original.name.clone()));
        put(&mut data, "UNF", Some("UNF:6:AAAAAAAAAAAAAAAAAAAAAA=="));
    }
    let mut out = json!({
        "label": file.spec.name,
        "restricted": file.spec.restricted,
        "version": 1,
        "datasetVersionId": version.id,
        "dataFile": data,
    });
    put(&mut out, "directoryLabel", file.spec.dir.clone());
    out
}

/// A lock item.
pub(super) fn locks(dataset: &Dataset) -> Value {
    let item = |lock: &super::model::Lock| {
        json!({
            "lockType": lock.kind,
            "date": lock.since.format("%a %b %d %H:%M:%S UTC %Y").to_string(),
            "user": lock.user,
            "dataset": dataset.spec.pid,
        })
    };
    dataset.locks.iter().map(item).collect()
}

/// The dataset object around a version.
pub(super) fn dataset(dataset: &Dataset, latest: &Version, with_files: bool) -> Value {
    let (protocol, authority, identifier) = dataset.pid_parts();
    let mut out = json!({
        "id": dataset.id,
        "identifier": identifier,
        "persistentUrl": dataset.pid_url(),
        "protocol": protocol,
        "authority": authority,
        "separator": "/",
        "publisher": "Sandbox Dataverse",
        "storageIdentifier": format!("file://{authority}/{identifier}"),
        "datasetType": "dataset",
        "locks": locks(dataset),
        "latestVersion": version(dataset, latest, with_files),
    });
    put(&mut out, "publicationDate", dataset.versions.first().and_then(|v| v.released).map(day));
    put(&mut out, "guestbookId", dataset.spec.guestbook);
    out
}

/// The schema.org export of a version.
pub(super) fn schema_org(dataset: &Dataset, version: &Version, site_url: &str) -> Value {
    let people = json!([{
        "@type": "Person", "givenName": "Fiona", "familyName": "Finch", "name": "Finch, Fiona",
        "affiliation": { "@type": "Organization", "name": "Birds Inc." },
    }]);
    let organisation = json!({ "@type": "Organization", "name": "Sandbox Dataverse" });
    let first = dataset.versions.first().and_then(|v| v.released).map(day);
    let mut out = json!({
        "@context": "http://schema.org", "@type": "Dataset", "@id": dataset.pid_url(), "identifier": dataset.pid_url(),
        "name": dataset.title(), "creator": people, "author": people,
        "datePublished": first, "dateModified": version.released.map(day),
        "version": version.number.map(|(major, _)| major.to_string()),
        "description": dataset.description(), "keywords": ["Earth and Environmental Sciences"],
        "license": "http://creativecommons.org/publicdomain/zero/1.0",
        "includedInDataCatalog": { "@type": "DataCatalog", "name": "Sandbox Dataverse", "url": site_url },
        "publisher": organisation, "provider": organisation,
    });
    if !dataset.spec.no_distribution {
        let files: Vec<_> = version.files.iter().map(|f| distribution(dataset, f, site_url)).collect();
        put(&mut out, "distribution", Some(files));
    }
    out
}

fn distribution(dataset: &Dataset, file: &File, site_url: &str) -> Value {
    let mut entry = Map::new();
    entry.insert("@type".into(), "DataDownload".into());
    entry.insert("name".into(), file.spec.name.clone().into());
    entry.insert("encodingFormat".into(), file.content_type().into());
    entry.insert("contentSize".into(), file.bytes.len().into());
    if !dataset.spec.hide_urls {
        entry.insert("contentUrl".into(), format!("{site_url}/api/access/datafile/{}", file.id).into());
    }
    entry.extend(dataset.spec.extra.clone());
    Value::Object(entry)
}

/// An answer of 50 MB, for whoever forgot to cap what is read.
pub(super) fn huge() -> HttpResponse {
    let item = "{\"label\":\"padding.bin\",\"restricted\":false,\"dataFile\":{\"id\":1,\"filesize\":1}},";
    let padding = item.repeat(50_000_000 / item.len());
    let body = format!("{{\"status\":\"OK\",\"data\":[{}]}}", padding.trim_end_matches(','));
    http::text(200, "application/json", body)
}
