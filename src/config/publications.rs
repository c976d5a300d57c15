//! `[publications]`: how workflows are resumed, and how often subscribed datasets are looked at.

use std::time::Duration;

use serde::Serialize;

use super::section::Section;
use super::setting::Unfit;

/// `[publications]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicationsConfig {
    /// Workflows that are resumed at the same time.
    pub resume_slots: u32,
    /// Publications that are handed on at the same time.
    pub fan_out_slots: u32,
    /// The pause between an announcement and the first resume.
    #[serde(with = "humantime_serde")]
    pub resume_first: Duration,
    /// No pause between two resumes is longer.
    #[serde(with = "humantime_serde")]
    pub resume_longest: Duration,
    /// How long after an unclear resume a lock counts as the rest of the workflow running.
    #[serde(with = "humantime_serde")]
    pub resume_unclear: Duration,
    /// How long after an announcement a dataset without a lock counts as resumed.
    #[serde(with = "humantime_serde")]
    pub resume_settled: Duration,
    /// After this a workflow is given up.
    #[serde(with = "humantime_serde")]
    pub resume_give_up_after: Duration,
    /// How long after its announcement a version may stay invisible.
    #[serde(with = "humantime_serde")]
    pub visible_within: Duration,
    /// How often each subscribed dataset is looked at.
    #[serde(with = "humantime_serde")]
    pub catch_up_every: Duration,
    /// The pause between two such looks at one installation.
    #[serde(with = "humantime_serde")]
    pub catch_up_pause: Duration,
}

impl PublicationsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let shortest = Duration::from_millis(1);
        let mut span = |key| section.at_least(key, &shortest, "\"1ms\"");
        let resume_first = span("resume_first");
        let resume_longest = span("resume_longest");
        let resume_unclear = span("resume_unclear");
        let resume_settled = span("resume_settled");
        let resume_give_up_after = span("resume_give_up_after");
        let visible_within = span("visible_within");
        let catch_up_every = span("catch_up_every");
        let catch_up_pause = section.required("catch_up_pause");
        let resume_slots = section.at_least("resume_slots", &1, "1");
        let fan_out_slots = section.at_least("fan_out_slots", &1, "1");
        if let (Some(settled), Some(give_up)) = (resume_settled, resume_give_up_after)
            && give_up <= settled
        {
            section.fault(
                "resume_give_up_after",
                Unfit::new(
                    "It is not longer than resume_settled, so that workflows would be given up before they can be seen to be over",
                    "Set it to more than `resume_settled`; a day is usual.",
                ),
            );
        }
        section.finish();
        Some(Self {
            resume_slots: resume_slots?,
            fan_out_slots: fan_out_slots?,
            resume_first: resume_first?,
            resume_longest: resume_longest?,
            resume_unclear: resume_unclear?,
            resume_settled: resume_settled?,
            resume_give_up_after: resume_give_up_after?,
            visible_within: visible_within?,
            catch_up_every: catch_up_every?,
            catch_up_pause: catch_up_pause?,
        })
    }
}
