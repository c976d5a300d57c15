//! Rows as the domain's values and back.
//!
//! The statements that read and write them are in the files of their tables.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::error::unreadable;
use super::sql::Row;
use crate::domain::ids::{ImportId, PersonId};
use crate::domain::import::{Import, Order, Phase};
use crate::domain::ports::store::{StoreError, TimelineEntry};

/// Everything of an import, qualified, so that it fits a SELECT as well as a RETURNING.
macro_rules! import_columns {
    () => {
        "imports.id, imports.person, imports.installation, imports.pid, imports.version, imports.renku, \
         imports.api, imports.project, imports.name, imports.migrate, imports.state, imports.revision, imports.attempts, \
         imports.title, imports.due_at, imports.created_at, imports.updated_at, imports.give_up_at, \
         EXISTS (SELECT 1 FROM slots WHERE slots.import = imports.id) AS has_slot"
    };
}
pub(super) use import_columns;

pub(super) fn import(row: &Row) -> Result<Import, StoreError> {
    let id = ImportId::from_uuid(row.uuid("id")?);
    let order = Order {
        installation: parsed(&row.text("installation")?, "imports.installation")?,
        pid: parsed(&row.text("pid")?, "imports.pid")?,
        version: row.opt_text("version")?.map(|text| parsed(&text, "imports.version")).transpose()?,
        renku: parsed(&row.text("renku")?, "imports.renku")?,
        api: parsed(&row.text("api")?, "imports.api")?,
        project: parsed(&row.text("project")?, "imports.project")?,
        name: row.opt_text("name")?.map(|text| parsed(&text, "imports.name")).transpose()?,
        migrate: row.flag("migrate")?,
    };
    Ok(Import {
        id,
        person: PersonId::from_uuid(row.uuid("person")?),
        order,
        title: row.opt_text("title")?,
        state: from_json(&row.text("state")?, "imports.state")?,
        revision: row.int("revision")?,
        attempts: counter(row.int("attempts")?, "imports.attempts")?,
        due_at: row.opt_time("due_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        give_up_at: row.time("give_up_at")?,
        has_slot: row.flag("has_slot")?,
    })
}

pub(super) fn imports(rows: &[Row]) -> Result<Vec<Import>, StoreError> {
    rows.iter().map(import).collect()
}

pub(super) fn timeline_entry(row: &Row) -> Result<TimelineEntry, StoreError> {
    let problem = row.opt_text("problem")?;
    Ok(TimelineEntry {
        seq: row.int("seq")?,
        at: row.time("at")?,
        event: row.text("event")?,
        phase: phase(&row.text("phase")?)?,
        condition: row.text("condition")?,
        problem: problem.map(|text| from_json(&text, "timeline.problem")).transpose()?,
    })
}

pub(super) fn phase(text: &str) -> Result<Phase, StoreError> {
    Phase::ALL.into_iter().find(|phase| phase.as_str() == text).ok_or_else(|| unreadable("a phase"))
}

pub(super) fn counter(number: i64, column: &'static str) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_out_of_range| unreadable(column))
}

pub(super) fn parsed<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_not_such_a_value| unreadable(column))
}

/// The error says where, not what: a state holds cookies, and serde quotes what it does not understand.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            Category::Io | Category::Syntax | Category::Eof => "is not JSON",
            Category::Data => "has another shape",
        };
        unreadable(format!("{column} {what} at character {}", error.column()))
    })
}

pub(super) fn to_json(value: &impl Serialize, column: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_no_json| unreadable(column))
}
