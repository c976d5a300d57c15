//! Times and sizes as people write them in their language.
//!
//! How they are computed is elsewhere; the words and their order are in `locales/*/amounts.ftl`.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

use super::{Language, text};
use crate::domain::time::Timestamp;

/// The months' names, in order.
const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];

/// The units of sizes, each a thousand of the one before.
const UNITS: [&str; 4] = ["size-kilobytes", "size-megabytes", "size-gigabytes", "size-terabytes"];

fn of(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.as_millis()).unwrap_or_default()
}

/// A day: `24 November 2026`.
pub fn day(language: Language, at: Timestamp) -> String {
    let at = of(at);
    let month = MONTHS.get(at.month0() as usize).map(|name| text(language, name, &[])).unwrap_or_default();
    let values = [("day", at.day().into()), ("month", month.into()), ("year", at.year().to_string().into())];
    text(language, "day", &values)
}

/// A time of day: `18:20 UTC`.
pub fn time_of_day(language: Language, at: Timestamp) -> String {
    let at = of(at);
    text(language, "time-of-day", &[("time", format!("{:02}:{:02}", at.hour(), at.minute()).into())])
}

/// A moment: `24 November 2026, 18:20 UTC`.
pub fn moment(language: Language, at: Timestamp) -> String {
    let values = [("day", day(language, at).into()), ("time", time_of_day(language, at).into())];
    text(language, "moment", &values)
}

/// A moment as short as it is clear on the day of `now`: the time of day alone on that day.
pub fn moment_near(language: Language, at: Timestamp, now: Timestamp) -> String {
    if of(at).date_naive() == of(now).date_naive() { time_of_day(language, at) } else { moment(language, at) }
}

/// A size in bytes, in decimal units as on storage devices: `1.2 MB`.
pub fn size(language: Language, bytes: u64) -> String {
    if bytes < 1000 {
        return text(language, "size-bytes", &[("number", bytes.into())]);
    }
    let mut tenths = (bytes.saturating_add(50)) / 100;
    let mut units = UNITS.iter().peekable();
    let mut unit = units.next();
    while tenths >= 9_995 && units.peek().is_some() {
        tenths = (tenths + 500) / 1000;
        unit = units.next();
    }
    // Three digits say enough: 1.2, 12.3, 123.
    let number = if tenths >= 1000 || tenths.is_multiple_of(10) {
        ((tenths + 5) / 10).to_string()
    } else {
        let parts =
            [("whole", (tenths / 10).to_string().into()), ("tenth", (tenths % 10).to_string().into())];
        text(language, "decimal", &parts)
    };
    text(language, unit.copied().unwrap_or("size-terabytes"), &[("number", number.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    /// The spaces at which no line breaks, as others.
    fn plain(text: &str) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn moments_are_written_as_people_write_them() {
        let early = at("2026-11-04T08:05:59Z");
        assert_eq!(plain(&moment(Language::En, early)), "4 November 2026, 08:05 UTC");
        assert_eq!(plain(&moment(Language::Fr, early)), "4 novembre 2026 à 08:05 UTC");
        assert_eq!(plain(&moment(Language::De, early)), "4. November 2026, 08:05 Uhr UTC");
        assert_eq!(moment_near(Language::En, early, at("2026-11-04T23:59:59Z")), "08:05 UTC");
        let next_day = moment_near(Language::En, early, at("2026-11-05T00:00:00Z"));
        assert_eq!(plain(&next_day), "4 November 2026, 08:05 UTC");
    }

    #[test]
    fn days_are_written_as_each_language_does() {
        let written = Language::ALL.map(|language| plain(&day(language, at("2026-03-01T23:59:59Z"))));
        assert_eq!(written, ["1 March 2026", "1er mars 2026", "1. März 2026"]);
        for language in Language::ALL {
            for month in 1..=12 {
                let day = day(language, at(&format!("2026-{month:02}-22T00:00:00Z")));
                assert!(!day.contains("month-") && day.contains("22") && day.contains("2026"), "{day}");
            }
        }
    }

    #[test]
    fn sizes_are_rounded_to_what_people_can_use() {
        for (bytes, en, fr, de) in [
            (0, "0 bytes", "0 octet", "0 Bytes"),
            (1, "1 byte", "1 octet", "1 Byte"),
            (999, "999 bytes", "999 octets", "999 Bytes"),
            (1_000, "1 kB", "1 ko", "1 kB"),
            (1_234_567, "1.2 MB", "1,2 Mo", "1,2 MB"),
            (99_960, "100 kB", "100 ko", "100 kB"),
            (999_960, "1 MB", "1 Mo", "1 MB"),
            (734_023_076, "734 MB", "734 Mo", "734 MB"),
            (5_000_000_000_000_000, "5000 TB", "5000 To", "5000 TB"),
        ] {
            let written =
                [Language::En, Language::Fr, Language::De].map(|language| plain(&size(language, bytes)));
            assert_eq!(written, [en, fr, de], "{bytes}");
        }
    }
}
